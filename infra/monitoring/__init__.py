"""What is watched: alarms, where they go, and the dashboard."""
