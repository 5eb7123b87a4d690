"""How Streamlit is run: which settings, which environment, which port.

1. Settings are handed over as flags; files that lie around (`~/.streamlit/config.toml`) and variables do not change
   them.
2. Loopback by default; requests that name another host are refused (DNS rebinding), cross-site requests too.
3. No statistics are sent anywhere, no file is watched, no developer's menu, no error details in the browser.
4. Export and policy travel in the environment: no address can name a file.
"""

import errno
import os
import socket
import sys
from pathlib import Path

import portal
from portal.ui.place import EXPORT_VARIABLE, POLICY_VARIABLE

LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = (LOOPBACK, "localhost", "::1")
_PORTAL = Path(portal.__file__).resolve().parent


def server_command(host: str, port: int) -> list[str]:
    """The command line of the site's process."""
    hosts = sorted({*_LOOPBACK_NAMES, host}) if host in _LOOPBACK_NAMES else ["*"]
    settings: dict[str, str | int] = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",
        "server.enableCORS": "true",
        "server.enableXsrfProtection": "true",
        "server.enableStaticServing": "false",
        "server.enableAgentApi": "false",
        "server.fileWatcherType": "none",
        "server.runOnSave": "false",
        "server.maxUploadSize": 1,
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "client.toolbarMode": "viewer",
        "client.showSidebarNavigation": "false",
        "global.developmentMode": "false",
        "logger.hideWelcomeMessage": "true",
        "logger.level": "warning",
        "runner.magicEnabled": "false",
        "theme.light.primaryColor": "#1a6fb0",
        "theme.dark.primaryColor": "#6fb3e8",
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    flags += [f"--server.allowedHosts={name}" for name in hosts]
    return [sys.executable, "-m", "portal.entry.serve", *flags]


def server_environment(export: Path, policy: Path | None) -> dict[str, str]:
    """Rule 4; the packages are importable whether installed or not."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("STREAMLIT_")}
    environment.pop(POLICY_VARIABLE, None)
    environment[EXPORT_VARIABLE] = str(export.resolve())
    if policy is not None:
        environment[POLICY_VARIABLE] = str(policy.resolve())
    paths = [str(_PORTAL.parent), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def port_problem(host: str, port: int) -> str:
    """A sentence when nobody may listen there now; "" otherwise."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                return f"port {port} is taken: end what listens there, or choose another with --port"
            case errno.EACCES:
                return f"not allowed to listen on port {port}: choose one above 1023 with --port"
            case _:
                return f"cannot listen on {host}, port {port}: {error.strerror}"
    return ""
