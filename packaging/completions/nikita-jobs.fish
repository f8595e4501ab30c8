# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_nikita_jobs_global_optspecs
    string join \n h/help V/version
end

function __fish_nikita_jobs_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_nikita_jobs_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_nikita_jobs_using_subcommand
    set -l cmd (__fish_nikita_jobs_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -s V -l version -d 'Print version'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "decay" -d 'Charge inactive players\' scores, each overdue hour exactly once'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "process-conversations" -d 'Take stale conversations through the nine-stage pipeline'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "recover" -d 'Take conversations that are stuck in processing out of it'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "prompt" -d 'Print the prompt that a player\'s next conversation would begin with, and store nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "scan-stuck" -d 'Fail audits and job executions whose owner died or hangs'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "exec" -d 'Run any command under a lease, a window and a heartbeat'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "health" -d 'Say whether the pipeline is healthy, degraded or unhealthy now'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "stats" -d 'Count and time what the runs did, stage by stage'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "status" -d 'Show one execution with its live progress, every live run and the latest of each job, or the runs of a time'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "failures" -d 'List the conversations that failed or wait, by error'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "retry" -d 'Give conversations that failed their attempts back'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "why" -d 'Say why the next run takes a conversation or charges a player, or does not'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "report" -d 'Write one self-contained page with the same as pictures'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "check" -d 'Look up every promise of docs/reliability.md in the database, with the rows that break it'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "doctor" -d 'Check what the jobs stand on, and say what to do'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "migrate" -d 'Bring the schema up to date'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "demo" -d 'Build a sample SQLite database and run the jobs on it, on a machine with nothing set up'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "help" -d 'Explain a command; the same as COMMAND --help'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "completions" -d 'Print a shell\'s completions'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "man" -d 'Print the manual page'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "schema" -d 'Print the JSON Schema of a command\'s result'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l window -d 'Skip if a run completed within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l batch -d 'Charge at most N players, the longest overdue first [default: no cap]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l chunk -d 'Players a transaction looks at' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l grace-hours -d 'Grace by chapter, in hours' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l rates -d 'Points an hour by chapter' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l max-points -d 'The most points a run takes from a player' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l ping-url -d 'Ping this address, which speaks the protocol of healthchecks.io' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l lease -d 'How long the run\'s lease lives without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l metrics-file -d 'Keep metrics in this file, for node_exporter\'s textfile collector; one file for all jobs' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -s n -l dry-run -d 'Say what a run would do now, and write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l force -d 'Ignore the window; never the lock'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l window -d 'Skip if a run completed within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l batch -d 'Process at most N conversations' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l concurrency -d 'Conversations at once' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l timeout -d 'The longest a conversation may take' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l session-timeout -d 'Silence after which a conversation is over' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l grace -d 'How long running conversations may go on after a signal' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l budget-usd -d 'Claim nothing more once the run has cost so much [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l prices-file -d 'JSON with prices of models, before the shipped ones' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l backfill -d 'Embed at most N facts that have no vector yet; 0 for none' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l pipeline-enabled -d 'false skips the run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l rollout-percent -d 'The share of players whose conversations are taken, the same ones each time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l duplicate-similarity -d 'Cosine similarity from which a new fact replaces an old one' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l unsupported-facts -d 'keep or drop: facts whose quote is nowhere in the transcript' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l template-dir -d 'Take the prompt template from prompt.j2 in this folder [default: the shipped one]' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l conflict -d 'Who heats the conflict: application, own (these jobs), or auto, which sees whether the application does' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l breakup -d 'Whether a conflict may end a game where the application heats it' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l id -d 'Process just this conversation, whatever the window says' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l rehearse -d 'Failures on purpose, such as latency=200ms,extraction=unavailable' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l ping-url -d 'Ping this address, which speaks the protocol of healthchecks.io' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l execution-id -d 'The id of this run\'s execution, so that its caller can poll it from the first moment' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l llm -d 'local, anthropic:NAME or openai:NAME [default: by the key that is set, else local]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l embeddings -d 'local or openai:NAME [default: openai:text-embedding-3-small with a key, else local]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l enrich -d 'Whether a language model that is not local polishes prompts' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l llm-context -d 'The model\'s context, for a request and its reply; over it the oldest messages go first [default: learnt from a refusal]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l llm-reply-tokens -d 'The most tokens of a reply [default: 8192, a quarter of the context, or less where the server says so]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l llm-rpm -d 'Language model requests a minute [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l embeddings-rpm -d 'Embedding requests a minute [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l request-timeout -d 'The longest one model request may take [default: all the time that its stage has left]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l anthropic-base-url -d 'Where Anthropic\'s API is, without /v1' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l openai-base-url -d 'Where OpenAI\'s API or a compatible server is, with /v1; such a server needs no key' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l lease -d 'How long the run\'s lease lives without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l metrics-file -d 'Keep metrics in this file, for node_exporter\'s textfile collector; one file for all jobs' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l allow-overlap -d 'Let several runs go on at once, on this host and others'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l reprocess -d 'With --id: also one that was processed or has failed'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -s n -l dry-run -d 'Say what a run would do now, and write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l force -d 'Ignore the window; never the lock'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l recovered-exit-code -d 'Exit code where something was recovered and all else is well' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l window -d 'Skip if a run completed within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l batch -d 'Recover at most N conversations, the longest idle first' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l idle -d 'Without any movement for this long, it is stuck' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l ping-url -d 'Ping this address, which speaks the protocol of healthchecks.io' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l lease -d 'How long the run\'s lease lives without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l metrics-file -d 'Keep metrics in this file, for node_exporter\'s textfile collector; one file for all jobs' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l requeue -d 'Back to active while attempts are left, instead of failed'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -s n -l dry-run -d 'Say what a run would do now, and write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l force -d 'Ignore the window; never the lock'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l user -d 'Whose prompt' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l platform -d 'For which platform' -r -f -a "text\t''
voice\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l template-dir -d 'Take the prompt template from prompt.j2 in this folder [default: the shipped one]' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l recovered-exit-code -d 'Exit code where something was recovered and all else is well' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l window -d 'Skip if a run completed within this time [default: four fifths of --check-interval]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l check-interval -d 'How often the schedule runs it' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l batch -d 'Fail at most N records, the longest-running first' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l audit-timeout -d 'The longest that an audit may run, in minutes' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l no-activity -d 'The longest without a log entry or heartbeat, in minutes' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l execution-timeout -d 'The longest that a run of a job may take' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l idle -d 'As for recover, which takes care of the conversations that are counted here' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l retain -d 'Delete executions that ended longer ago; never keeps all' -r -f -a "DUR\t''
never\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l ping-url -d 'Ping this address, which speaks the protocol of healthchecks.io' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l audit -d 'Only judge this audit, and change nothing' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l execution -d 'Only judge this execution, and change nothing' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l lease -d 'How long the run\'s lease lives without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l metrics-file -d 'Keep metrics in this file, for node_exporter\'s textfile collector; one file for all jobs' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -s n -l dry-run -d 'Say what a run would do now, and write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l force -d 'Ignore the window; never the lock'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l job -d 'The job that it is, whose lease it takes' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l window -d 'Skip if a run completed within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l timeout -d 'The longest it may take [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l grace -d 'How long it may go on after a signal' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l audit -d 'It is an audit of this type, which scan-stuck watches' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l ping-url -d 'Ping this address, which speaks the protocol of healthchecks.io' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l lease -d 'How long the run\'s lease lives without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l metrics-file -d 'Keep metrics in this file, for node_exporter\'s textfile collector; one file for all jobs' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l pass-stdout -d 'Its stdout is ours; the result goes to stderr'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l force -d 'Ignore the window; never the lock'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l session-timeout -d 'Silence after which a conversation is over' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l rollout-percent -d 'The share of players whose conversations are taken, the same ones each time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l idle -d 'Without any movement for this long, it is stuck' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l on-change -d 'Exit 3 when the verdict has changed since it was last told, for two looks in a row, else 0; FILE keeps it' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l since -d 'How far to look back' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l since -d 'List the runs of this time, the newest first' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l job -d 'With --since: only of this job' -r -f -a "decay\t''
process-conversations\t''
recover\t''
scan-stuck\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l state -d 'With --since: only running, completed or failed ones' -r -f -a "running\t''
completed\t''
failed\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l host -d 'With --since: only on this host' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l rows -d 'With --since: list at most N runs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -s w -l watch -d 'On a terminal: look again every second, until it has ended'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l since -d 'Only what failed in this time [default: all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l error -d 'Only with this in the error' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l stage -d 'Only failures of this stage' -r -f -a "extraction\t''
memory_update\t''
life_sim\t''
emotional\t''
game_state\t''
conflict\t''
touchpoint\t''
summary\t''
prompt_builder\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l rows -d 'List at most N conversations' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l since -d 'With --failed: only what failed in this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l error -d 'With --failed: only with this in the error' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l stage -d 'With --failed: only failures of this stage' -r -f -a "extraction\t''
memory_update\t''
life_sim\t''
emotional\t''
game_state\t''
conflict\t''
touchpoint\t''
summary\t''
prompt_builder\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l failed -d 'All conversations that were given up, in place of ids'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -s n -l dry-run -d 'Say which ones it would be, and write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l session-timeout -d 'Silence after which a conversation is over' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l rollout-percent -d 'The share of players whose conversations are taken, the same ones each time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l batch -d 'How many conversations a run takes at most' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l decay-batch -d 'How many players a run of decay charges at most [default: no cap]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l grace-hours -d 'Grace by chapter, in hours' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l rates -d 'Points an hour by chapter' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l max-points -d 'The most points a run takes from a player' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l since -d 'How far to look back; by hours up to 48h, then by days' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l session-timeout -d 'Silence after which a conversation is over' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l rollout-percent -d 'The share of players whose conversations are taken, the same ones each time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l idle -d 'Without any movement for this long, it is stuck' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -s o -l output -d 'The page; an older one is replaced once the new one is whole' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l since -d 'Look only at what has changed in this time [default: at all there is]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l rows -d 'List at most N rows of each promise' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l template-dir -d 'Take the prompt template from prompt.j2 in this folder [default: the shipped one]' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l llm -d 'local, anthropic:NAME or openai:NAME [default: by the key that is set, else local]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l embeddings -d 'local or openai:NAME [default: openai:text-embedding-3-small with a key, else local]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l llm-context -d 'The model\'s context, for a request and its reply; over it the oldest messages go first [default: learnt from a refusal]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l llm-reply-tokens -d 'The most tokens of a reply [default: 8192, a quarter of the context, or less where the server says so]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l anthropic-base-url -d 'Where Anthropic\'s API is, without /v1' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l openai-base-url -d 'Where OpenAI\'s API or a compatible server is, with /v1; such a server needs no key' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l online -d 'Ask each model that is not local one small question'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l db-timeout -d 'The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l plan -d 'Print the SQL that would run, and change nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -l path -d 'Where to build it [default: demo.sqlite in the state folder]' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -l format -d 'How stdout is written [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -l env-file -d 'Read variables from this file instead of ./.env; one already set wins' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -s q -l quiet -d 'Not a byte on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand help" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand completions" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand man" -l dir -d 'Write a page for each command into this folder instead' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand man" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand schema" -l dir -d 'Write a schema for each command into this folder instead' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand schema" -s h -l help -d 'Print help'
