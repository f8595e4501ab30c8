"""scripts/try-gateways: the proxy, the runs through it, and the table of outcomes."""

import json, os, pathlib, socket, sqlite3, subprocess, sys, time, urllib.error, urllib.request, uuid

import scripted_models

binary, litellm, work, version = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4]
KEY = "sk-proxy"

# Each vendor's model, by LiteLLM's name, and the path of its scripted server.
VENDORS = {
    "openai": ("openai/gpt-5.4-mini", "/openai/v1"),
    "anthropic": ("anthropic/claude-haiku-4-5", "/anthropic"),
    "mistral": ("mistral/mistral-small", "/mistral/v1"),
    "deepseek": ("deepseek/deepseek-chat", "/deepseek"),
    "openrouter": ("openrouter/meta/llama", "/openrouter/api/v1"),
}
# The expected outcome by the server's behaviour: the run's exit code, and the two conversations' status and attempts.
OPEN = ("active", 0)
DONE = ("processed", 1)
WAITS = ("active", 1)
BEHAVIOURS = {
    "good": ("a normal reply", 0, [[DONE, DONE]]),
    "wordy": ("thinking and a fence around it", 0, [[DONE, DONE]]),
    "strict": ("a refused field", 0, [[DONE, DONE]]),
    "gone": ("an unknown model", 78, [[OPEN, OPEN]]),
    "locked": ("a wrong key", 78, [[OPEN, OPEN]]),
    "busy": ("overloaded", 69, [[OPEN, OPEN]]),
    "spent": ("no money left", 69, [[OPEN, OPEN]]),
    # After a 403 it waits and keeps its attempt.
    "filter": ("one conversation refused for its words", 0, [[WAITS, DONE], [OPEN, DONE]]),
}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_proxy(upstream):
    models = []
    for vendor, (model, path) in VENDORS.items():
        for behaviour in BEHAVIOURS:
            params = {"model": f"{model}-{behaviour}", "api_base": f"http://127.0.0.1:{upstream}{path}", "api_key": "sk-vendor"}
            models.append({"model_name": f"{vendor}-{behaviour}", "litellm_params": params})
    params = {"model": "openai/text-embedding-good", "api_base": f"http://127.0.0.1:{upstream}/openai/v1", "api_key": "sk-vendor"}
    models.append({"model_name": "vectors", "litellm_params": params})
    config = {
        "model_list": models,
        "general_settings": {"master_key": KEY},
        "litellm_settings": {"num_retries": 0, "telemetry": False},
        # One refused request must not make the proxy reject the next one by itself.
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }
    (work / "config.yaml").write_text(json.dumps(config))
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(work / "home"), "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"}
    command = [litellm, "--config", str(work / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
    proxy = subprocess.Popen(command, env=environment, cwd=work, stdout=open(work / "proxy.log", "w"), stderr=subprocess.STDOUT)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness")
            return proxy, port
        except (OSError, urllib.error.URLError):
            if proxy.poll() is not None:
                break
            time.sleep(0.2)
    proxy.terminate()
    sys.exit("scripts/try-gateways: the proxy does not answer\n" + (work / "proxy.log").read_text()[-3000:])


def ours(database, port, model, key, *arguments):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(work / "home"), "DATABASE_URL": f"sqlite:{database}", "NO_PROXY": "127.0.0.1",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{port}", "OPENAI_API_KEY": key, "NIKITA_LLM": f"openai:{model}",
        "NIKITA_EMBEDDINGS": "openai:vectors", "NIKITA_ENRICH": "false", "NIKITA_BACKOFF": "20ms",
    }
    done = subprocess.run([binary, *arguments], env=environment, cwd=work, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout), done.stderr


def seeded():
    """A database with two players' conversations; a content filter refuses the older one."""
    database = work / f"{uuid.uuid4()}.sqlite"
    subprocess.run([binary, "migrate", "--quiet"], env={"PATH": os.environ["PATH"], "HOME": str(work / "home"), "DATABASE_URL": f"sqlite:{database}"},
        check=True, stdout=subprocess.DEVNULL)
    with sqlite3.connect(database) as sql:
        for minute, text in enumerate([f"I work as a nurse. {scripted_models.FORBIDDEN}", "I work as a nurse."]):
            user = str(uuid.uuid4())
            at = f"2026-01-01T10:{minute:02}:00.000000Z"
            sql.execute("insert into users (id, onboarding_status) values (?, 'completed')", [user])
            sql.execute("insert into conversations (id, user_id, last_message_at, messages) values (?, ?, ?, ?)",
                [str(uuid.uuid4()), user, at, json.dumps([{"role": "user", "content": text}])])
    return database


def outcome(port, model, key=KEY):
    database = seeded()
    code, result, log = ours(database, port, model, key, "process-conversations", "--force")
    with sqlite3.connect(database) as sql:
        states = sql.execute("select status, processing_attempts from conversations order by last_message_at").fetchall()
        why = sql.execute("select last_error from conversations where last_error is not null").fetchone()
    learnt = [words for it in result.get("learnt", []) for words in it["asked"]]
    doctor, checked, _ = ours(seeded(), port, model, key, "doctor", "--online")
    said = (result.get("error") or {}).get("message") or (why[0] if why else "")
    return {"code": code, "states": states, "learnt": learnt, "doctor": doctor, "said": said, "log": log, "checked": checked}


upstream = scripted_models.start()
proxy, port = start_proxy(upstream.server_address[1])
wrong = []
cells = {}
count = 0
try:
    cases = [("LiteLLM itself", BEHAVIOURS["gone"][0], "nobody-knows", KEY, 78, [[OPEN, OPEN]]),
             ("LiteLLM itself", BEHAVIOURS["locked"][0], "openai-good", "sk-wrong", 78, [[OPEN, OPEN]])]
    for vendor in VENDORS:
        for behaviour, (words, code, states) in BEHAVIOURS.items():
            cases.append((vendor, words, f"{vendor}-{behaviour}", KEY, code, states))
    only = os.environ.get("ONLY", "")
    for vendor, words, model, key, code, states in cases:
        if only not in model:
            continue
        cells.setdefault(words, {})
        count += 1
        before = len(upstream.seen)
        got = outcome(port, model, key)
        asked = len([it for it in upstream.seen[before:] if not it[1].startswith("text-embedding")])
        expected_doctor = got["doctor"] == 0 if code == 0 else got["doctor"] != 0
        fine = got["code"] == code and got["states"] in states and expected_doctor
        if not fine:
            wrong.append((model, got))
        told = {0: "processed", 69: "69", 78: "78"}.get(got["code"], f"{got['code']}!")
        if got["code"] == 0 and got["states"] != [DONE, DONE]:
            told = "the other processed, it waits"
        # LiteLLM itself, not the vendor, refuses dimensions for this model.
        learnt = [words for words in got["learnt"] if words != "without dimensions"]
        if learnt:
            told += ": " + "; ".join(learnt)
        cells[words][vendor] = f"{told} ({asked})"
        if os.environ.get("VERBOSE"):
            print(model, got["code"], got["states"], got["doctor"], got["said"], got["learnt"], upstream.seen[before:], file=sys.stderr)
finally:
    proxy.terminate()
    proxy.wait()
columns = ["LiteLLM itself", *VENDORS]
print("| what happens | " + " | ".join(columns) + " |\n|---" + "|---" * len(columns) + "|")
for words, row in cells.items():
    print(f"| {words} | " + " | ".join(row.get(column, "") for column in columns) + " |")
print(f"\nLiteLLM {version}, {count} cases, {len(wrong)} wrong.")
for model, got in wrong:
    print(f"wrong: {model}: exit {got['code']}, {got['states']}, doctor {got['doctor']}: {got['said']}\n{got['log'][-1500:]}\n{json.dumps(got['checked'])[:1500]}")
sys.exit(1 if wrong else 0)
