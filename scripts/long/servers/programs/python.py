"""A server of our own on a Python SDK of others: `python.py FRAMEWORK MODE PORT`.

FRAMEWORK is `mcp1` (the official SDK before 2.0), `mcp2` or `fastmcp`; MODE is `stdio`, or `stateful` or `stateless`,
followed by `-json` or `-events`.
"""

import base64
import sys
from typing import Optional

from pydantic import AnyUrl, BaseModel

framework, mode, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
is_json = mode.endswith("-json")
is_stateless = mode.startswith("stateless")

if framework == "mcp1":
    from mcp.server.fastmcp import Context, FastMCP, Image

    server = FastMCP("ours", host="127.0.0.1", port=port, json_response=is_json, stateless_http=is_stateless)
elif framework == "mcp2":
    from mcp.server.mcpserver import Context, Image, MCPServer

    server = MCPServer("ours")
else:
    from fastmcp import Context, FastMCP
    from fastmcp.utilities.types import Image

    server = FastMCP("ours")

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Campaign(BaseModel):
    name: str
    budget: float
    tags: list[str] = []
    parent: Optional[str] = None


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
def campaign(name: str, budget: float = 0.1) -> Campaign:
    """Returns a campaign."""
    return Campaign(name=name, budget=budget, tags=["a", "ünï 💥"])


@server.tool()
def words(text: str) -> str:
    """Says the same again."""
    return text


@server.tool()
def names(count: int) -> list[str]:
    """Returns some names."""
    return [f"name {at}" for at in range(count)]


@server.tool()
def nothing() -> None:
    """Returns nothing."""


@server.tool()
def picture() -> Image:
    """Returns a picture."""
    return Image(data=base64.b64decode(PNG), format="png")


@server.tool()
def fail(reason: str) -> str:
    """Fails."""
    raise ValueError(reason)


@server.tool()
async def steps(count: int, ctx: Context) -> str:
    """Reports its progress."""
    for at in range(count):
        await ctx.report_progress(at + 1, count)
    return f"{count} steps"


@server.resource("ours://words")
def words_of_ours() -> str:
    """Some words."""
    return "ünï 💥\u2028"


@server.resource("ours://campaign/{name}", mime_type="application/json")
def campaign_of_ours(name: str) -> str:
    """A campaign."""
    return f'{{"name": "{name}"}}'


@server.resource("ours://picture", mime_type="image/png")
def picture_of_ours() -> bytes:
    """A picture."""
    return base64.b64decode(PNG)


if framework == "mcp1":
    subscribed: list[str] = []

    @server._mcp_server.subscribe_resource()
    async def subscribe(uri: AnyUrl) -> None:
        subscribed.append(str(uri))

    @server._mcp_server.unsubscribe_resource()
    async def unsubscribe(uri: AnyUrl) -> None:
        subscribed.remove(str(uri))

    @server.tool()
    def subscriptions() -> str:
        """Says which resources have subscribers."""
        return " ".join(subscribed)

    @server.tool()
    async def touch(uri: str, ctx: Context) -> str:
        """Announces an update of a resource."""
        await ctx.session.send_resource_updated(AnyUrl(uri))
        return "touched"


@server.prompt()
def review(code: str, language: str = "python") -> str:
    """Asks for a review."""
    return f"Review this {language}:\n{code}"


if mode == "stdio":
    server.run()
elif framework == "mcp1":
    server.run("streamable-http")
else:
    transport = "http" if framework == "fastmcp" else "streamable-http"
    server.run(transport, host="127.0.0.1", port=port, json_response=is_json, stateless_http=is_stateless)
