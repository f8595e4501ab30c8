"""A scripted server with the APIs of several vendors: /openai, /anthropic, /mistral, /deepseek, /openrouter.

The model's name selects the behaviour: NAME, NAME-gone (unknown model), NAME-locked (wrong key), NAME-strict (refuses the parameters that this
vendor refuses), NAME-busy (overloaded), NAME-spent (no credit left), NAME-filter (a content filter refuses one conversation), NAME-wordy (a
good answer with thoughts and code fences around it). Errors have each vendor's format.
"""

import base64, http.server, json, struct, sys, threading

NOTES = {
    "facts": [{"quote": "I work as a nurse", "fact": "They work as a nurse.", "kind": "user"}],
    "threads": [], "thoughts": [], "summary": "They talked about work.", "emotional_tone": "supportive",
}
FORBIDDEN = "forbidden word"


def openai(message, kind="invalid_request_error", code=None, param=None):
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def mistral(message, kind="invalid_request_error", code=None):
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code, "raw_status_code": None}


def anthropic(message, kind="invalid_request_error"):
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def openrouter(code, message, **metadata):
    return {"error": {"message": message, "code": code, "metadata": metadata}, "user_id": "user_1"}


# Each vendor's errors: status and body, from their documentation and public reports.
SAYS = {
    "openai": {
        "gone": (404, openai("The model `m` does not exist or you do not have access to it.", code="model_not_found")),
        "locked": (401, openai("Incorrect API key provided: sk-wrong.", code="invalid_api_key")),
        "busy": (503, openai("The engine is currently overloaded, please try again later", "server_error")),
        "spent": (429, openai("You exceeded your current quota, please check your plan and billing details.",
                              "insufficient_quota", "insufficient_quota")),
        "filter": (400, openai("Your request was flagged as potentially violating our usage policy.", code="invalid_prompt")),
    },
    "anthropic": {
        "gone": (404, anthropic("model: m", "not_found_error")),
        "locked": (401, anthropic("invalid x-api-key", "authentication_error")),
        "busy": (529, anthropic("Overloaded", "overloaded_error")),
        "spent": (400, anthropic("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.")),
        "filter": (400, anthropic("Output blocked by content filtering policy")),
    },
    "mistral": {
        "gone": (400, mistral("Invalid model: m", "invalid_model", "1500")),
        "locked": (401, {"detail": "Unauthorized"}),
        "busy": (429, mistral("Service tier capacity exceeded for this model.", "service_tier_capacity_exceeded", "3505")),
        "spent": (402, {"detail": "You have reached your usage limit."}),
        "filter": (403, mistral("The request was blocked by a guardrail", "guardrail_violation")),
    },
    "deepseek": {
        "gone": (400, openai("Model Not Exist", code="invalid_request_error")),
        "locked": (401, openai("Authentication Fails, Your api key: ****rong is invalid", "authentication_error", "invalid_request_error")),
        "busy": (503, openai("Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.", "service_unavailable_error")),
        "spent": (402, openai("Insufficient Balance", "unknown_error", "invalid_request_error")),
        "filter": (400, openai("Content Exists Risk", code="invalid_request_error")),
    },
    "openrouter": {
        "gone": (400, openrouter(400, "m is not a valid model ID")),
        "locked": (401, openrouter(401, "User not found.")),
        "busy": (200, openrouter(502, "Provider returned error", provider_name="x", raw="upstream overloaded")),
        "spent": (402, openrouter(402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits")),
        "filter": (403, openrouter(403, "m requires moderation. Your input was flagged", reasons=["violence"], flagged_input="…")),
    },
}


def strict(vendor, body):
    """The error with which a vendor refuses a request; none if it accepts it."""
    form = (body.get("response_format") or {}).get("type")
    if vendor == "openai" and "max_completion_tokens" in body:
        return 400, openai("Unrecognized request argument supplied: max_completion_tokens", param="max_completion_tokens")
    if vendor == "openai" and form == "json_schema":
        return 400, openai("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", param="response_format")
    if vendor == "mistral" and "max_completion_tokens" in body:
        return 422, {"object": "error", "type": "invalid_request_error", "param": None, "code": None, "message": {"detail": [
            {"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted", "input": 8192}]}}
    if vendor == "mistral" and form == "json_schema":
        return 422, {"detail": [{"type": "literal_error", "loc": ["body", "response_format", "type"], "msg": "Input should be 'text' or 'json_object'"}]}
    if vendor == "deepseek" and form == "json_schema":
        return 400, openai("This response_format type is unavailable now")
    if vendor == "openrouter" and form == "json_schema":
        return 404, openrouter(404, "No endpoints found that can handle the requested parameters. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing")
    if vendor == "anthropic" and (body.get("tool_choice") or {}).get("type") == "tool":
        return 400, anthropic("tool_choice: this model does not support forced tool use; use type auto")
    if vendor == "anthropic" and ("output_format" in body or "output_config" in body):
        return 400, anthropic("output_format: Extra inputs are not permitted")
    return None


class Vendor(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.loads(raw)
        vendor = self.path.split("/")[1]
        behaviour = body["model"].rpartition("-")[2]
        said = SAYS[vendor].get(behaviour)
        if behaviour == "filter" and FORBIDDEN not in json.dumps(body["messages"]):
            said = None
        if behaviour == "strict":
            said = strict(vendor, body)
        self.server.seen.append((vendor, body["model"], said[0] if said else 200))
        if said:
            return self.reply(*said)
        if self.path.endswith("/embeddings"):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            vector = [1.0] + [0.0] * 1535
            encoded = vector if body.get("encoding_format") != "base64" else base64.b64encode(struct.pack("<1536f", *vector)).decode()
            data = [{"object": "embedding", "index": i, "embedding": encoded} for i in range(len(texts))]
            return self.reply(200, {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 8, "total_tokens": 8}})
        notes = json.dumps(NOTES)
        if behaviour == "wordy":
            notes = "<think>What do they say?</think>\nHere are the notes:\n```json\n" + notes + "\n```"
        if vendor == "anthropic":
            tools = body.get("tools") or []
            content = [{"type": "text", "text": notes}]
            if tools and behaviour != "wordy":
                content = [{"type": "tool_use", "id": "toolu_1", "name": tools[0]["name"], "input": NOTES}]
            return self.reply(200, {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": content,
                "stop_reason": "tool_use" if content[0]["type"] == "tool_use" else "end_turn", "stop_sequence": None,
                "usage": {"input_tokens": 1000, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 3, "output_tokens": 200}})
        message = {"role": "assistant", "content": notes, "refusal": None}
        self.reply(200, {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}})


def start():
    """A running server; its requests are in `seen`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
