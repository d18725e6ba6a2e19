"""The full stack's scheduler: Celery tasks of a few lines over the services of app."""
