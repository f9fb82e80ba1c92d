"""An HTTP server over model folders. Needs the extra ``serve``: FastAPI, uvicorn and prometheus_client.

In reading order:

- `app.py`: the routes.
- `requests.py`: from the bytes of a request to prepared rows, or to a clear error.
- `batching.py`: computes the requests that wait together.
- `schemas.py`: the types of a task's rows and predictions, for OpenAPI.
- `measures.py`: what `/metrics` shows.
- `running.py`: binds the port, and runs the server until a signal.
"""
