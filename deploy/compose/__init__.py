"""What the compose stack runs beside the service itself."""
