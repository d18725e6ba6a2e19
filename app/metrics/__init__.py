"""What is told to Prometheus: figures of the whole service, and of the web's processes."""
