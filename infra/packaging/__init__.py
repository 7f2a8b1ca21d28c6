"""What is uploaded to Lambda: the functions' archives and the layer of their dependencies."""
