"""A server of mail (aiosmtpd) that requires STARTTLS and a password, and prints what it gets.

Arguments: port (0: any), certificate, key, user name, password. Prints the port, then for each mail a
JSON object a line: its envelope, whether TLS was used, and its parts.
"""

import asyncio
import email
import email.policy
import json
import socket
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Printer:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(json.dumps({
            "tls": session.ssl is not None,
            "authenticated": session.authenticated,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": message["subject"],
            "type": message.get_content_type(),
            "text": message.get_content(),
        }), flush=True)
        return "250 kept"


def authenticator(name, password):
    def authenticate(server, session, envelope, mechanism, data):
        expected = (name.encode(), password.encode())
        return AuthResult(success=(data.login, data.password) == expected)
    return authenticate


port, certificate, key, name, password = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
controller = Controller(
    Printer(),
    hostname="127.0.0.1",
    port=int(port),
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=authenticator(name, password),
)


def own_port():
    return controller.server.sockets[0].getsockname()[1]


# The controller waits for a connection to the port that it was given, which may be any.
controller._trigger_server = lambda: socket.create_connection(("127.0.0.1", own_port())).close()
controller.start()
print(own_port(), flush=True)
asyncio.new_event_loop().run_forever()
