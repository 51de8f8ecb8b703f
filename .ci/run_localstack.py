"""LocalStack on the loopback interface only: it binds every interface even where it is told not to."""

import functools

from twisted.internet import endpoints

bind_anywhere = endpoints.TCP4ServerEndpoint.__init__


@functools.wraps(bind_anywhere)
def bind_loopback(self, reactor, port, backlog=50, interface=""):
    bind_anywhere(self, reactor, port, backlog, interface or "127.0.0.1")


endpoints.TCP4ServerEndpoint.__init__ = bind_loopback

from localstack.runtime.main import main  # noqa: E402 - only after the patch

main()
