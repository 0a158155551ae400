"""Public board names of well-known companies, for the boards that list one company at a time.

A name is the last part of the company's address on that board (`boards.greenhouse.io/airbnb` -> `airbnb`). It goes
stale when the company moves to another board, which then answers 404 for that one address; the others go on. The
lists were written down in November 2026 from addresses found in public code and pages; none of the boards was asked.
"""

from __future__ import annotations

GREENHOUSE = {
    "affirm": "Affirm",
    "airbnb": "Airbnb",
    "airtable": "Airtable",
    "anthropic": "Anthropic",
    "asana": "Asana",
    "betterment": "Betterment",
    "brex": "Brex",
    "carta": "Carta",
    "chime": "Chime",
    "cloudflare": "Cloudflare",
    "cockroachlabs": "Cockroach Labs",
    "coinbase": "Coinbase",
    "databricks": "Databricks",
    "datadog": "Datadog",
    "discord": "Discord",
    "dropbox": "Dropbox",
    "duolingo": "Duolingo",
    "elastic": "Elastic",
    "faire": "Faire",
    "fastly": "Fastly",
    "figma": "Figma",
    "fivetran": "Fivetran",
    "flexport": "Flexport",
    "gitlab": "GitLab",
    "grafanalabs": "Grafana Labs",
    "gusto": "Gusto",
    "instacart": "Instacart",
    "intercom": "Intercom",
    "lyft": "Lyft",
    "marqeta": "Marqeta",
    "mercury": "Mercury",
    "mixpanel": "Mixpanel",
    "mongodb": "MongoDB",
    "newrelic": "New Relic",
    "nuro": "Nuro",
    "okta": "Okta",
    "pagerduty": "PagerDuty",
    "pinterest": "Pinterest",
    "postman": "Postman",
    "reddit": "Reddit",
    "robinhood": "Robinhood",
    "roblox": "Roblox",
    "samsara": "Samsara",
    "scaleai": "Scale AI",
    "sofi": "SoFi",
    "spacex": "SpaceX",
    "squarespace": "Squarespace",
    "stripe": "Stripe",
    "toast": "Toast",
    "twilio": "Twilio",
    "udemy": "Udemy",
    "vercel": "Vercel",
    "verkada": "Verkada",
    "waymo": "Waymo",
    "webflow": "Webflow",
    "zscaler": "Zscaler",
}

LEVER = {
    "attentive": "Attentive",
    "belvederetrading": "Belvedere Trading",
    "binance": "Binance",
    "contentsquare": "Contentsquare",
    "entrata": "Entrata",
    "eventbrite": "Eventbrite",
    "gopuff": "Gopuff",
    "highspot": "Highspot",
    "houzz": "Houzz",
    "jumpcloud": "JumpCloud",
    "matchgroup": "Match Group",
    "metabase": "Metabase",
    "mistral": "Mistral AI",
    "nium": "Nium",
    "octoenergy": "Octopus Energy",
    "outreach": "Outreach",
    "palantir": "Palantir",
    "plaid": "Plaid",
    "ro": "Ro",
    "shieldai": "Shield AI",
    "spotify": "Spotify",
    "swordhealth": "Sword Health",
    "veeva": "Veeva Systems",
    "voleon": "The Voleon Group",
    "wealthfront": "Wealthfront",
    "zoox": "Zoox",
}

ASHBY = {
    "ashby": "Ashby",
    "cerebras": "Cerebras",
    "clay": "Clay",
    "cohere": "Cohere",
    "confluent": "Confluent",
    "cursor": "Cursor",
    "deel": "Deel",
    "elevenlabs": "ElevenLabs",
    "harvey": "Harvey",
    "hex": "Hex",
    "kraken.com": "Kraken",
    "langchain": "LangChain",
    "linear": "Linear",
    "modal": "Modal",
    "notion": "Notion",
    "openai": "OpenAI",
    "perplexity": "Perplexity",
    "posthog": "PostHog",
    "quora": "Quora",
    "ramp": "Ramp",
    "render": "Render",
    "replit": "Replit",
    "sardine": "Sardine",
    "sierra": "Sierra",
    "snowflake": "Snowflake",
    "substack": "Substack",
    "supabase": "Supabase",
    "vanta": "Vanta",
    "watershed": "Watershed",
    "whatnot": "Whatnot",
    "zapier": "Zapier",
}

RECRUITEE = {
    "bunq": "bunq",
    "channable": "Channable",
    "fastned": "Fastned",
    "hygraph": "Hygraph",
    "limehome": "limehome",
    "make": "Make",
    "sequra": "seQura",
    "transperfect": "TransPerfect",
}


def wanted(known: dict[str, str], company: str) -> list[str]:
    """The board names to ask: the one for `company` (a board name or a company's own name), or all known ones."""
    if not company:
        return list(known)
    asked = company.casefold()
    found = [token for token, name in known.items() if asked in (token, name.casefold())]
    return found or [asked.replace(" ", "")]


def display(known: dict[str, str], token: str) -> str:
    """The company's name as it writes it; for a board name that is not in the list, that name with a capital."""
    return known.get(token.casefold()) or token.replace("-", " ").strip().capitalize()
