"""moto's server, whose writes come one after the other, as in a bucket.

moto looks whether an object is there (If-None-Match, If-Match) and writes it in two steps; on a busy machine two
requests get between them, and both are told that they were the first. S3 promises that one is.
"""

import io
import sys
from threading import Lock

from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.server import main

answer = DomainDispatcherApplication.__call__
writing = Lock()


def one_at_a_time(application, request, start):
    if request["REQUEST_METHOD"] in ("GET", "HEAD"):
        return answer(application, request, start)
    # The body comes first: a slow sender keeps nobody waiting.
    length = request.get("CONTENT_LENGTH")
    if length:
        request["wsgi.input"] = io.BytesIO(request["wsgi.input"].read(int(length)))
    with writing:
        return answer(application, request, start)


DomainDispatcherApplication.__call__ = one_at_a_time
sys.exit(main())
