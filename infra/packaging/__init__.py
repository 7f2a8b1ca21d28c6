"""What is uploaded: the functions' archives and their dependency layer."""
