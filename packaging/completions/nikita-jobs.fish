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
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "decay" -d 'Lower the scores of inactive players, each overdue hour exactly once'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "process-conversations" -d 'Process finished conversations in the nine-stage pipeline'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "recover" -d 'Recover conversations that are stuck in processing'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "prompt" -d 'Print the prompt for a player\'s next conversation; store nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "scan-stuck" -d 'Fail audits and job executions whose owner has died or hangs'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "exec" -d 'Run any command under a lease, a window and a heartbeat'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "health" -d 'Report whether the pipeline is healthy, degraded or unhealthy'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "stats" -d 'Count and time what the runs did, stage by stage'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "status" -d 'Show live runs and the latest run of each job, one execution, or all runs since a time'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "failures" -d 'List failed conversations and those waiting for a retry, by error'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "retry" -d 'Make failed conversations active again, with all their attempts'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "why" -d 'Explain why the next run takes a conversation or charges a player, or leaves it'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "report" -d 'Write a self-contained HTML report with charts'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "check" -d 'Check every promise of docs/reliability.md against the database, and list the rows that break one'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "doctor" -d 'Check settings, database, models and schedules, and say what to fix'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "migrate" -d 'Bring the schema up to date'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "demo" -d 'Build a sample SQLite database and run the jobs on it; needs no setup'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "help" -d 'Explain a command; the same as COMMAND --help'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "completions" -d 'Print a shell\'s completions'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "man" -d 'Print a manual page'
complete -c nikita-jobs -n "__fish_nikita_jobs_needs_command" -f -a "schema" -d 'Print the JSON Schema of a command\'s result'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l window -d 'Skip if a run completed within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l batch -d 'Charge at most N players, the longest overdue first [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l chunk -d 'Players per transaction' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l grace-hours -d 'Grace period by chapter, in hours' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l rates -d 'Points per hour by chapter' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l max-points -d 'The most points a run takes from a player' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l ping-url -d 'Ping this healthchecks.io-compatible address at a run\'s start and end' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l lease -d 'How long the run\'s lease lasts without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l metrics-file -d 'Write metrics to this file, for node_exporter\'s textfile collector; all jobs share one file' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -s n -l dry-run -d 'Report what a run would do now; write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -l force -d 'Ignore the window, but never another run\'s lease'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand decay" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l window -d 'Skip if a run completed within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l batch -d 'Process at most N conversations' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l concurrency -d 'Process at most N conversations at once' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l timeout -d 'Timeout of one conversation' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l session-timeout -d 'Silence after which a conversation counts as over' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l grace -d 'How long running conversations can continue after a signal' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l budget-usd -d 'Stop claiming conversations once the run has cost this much [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l prices-file -d 'JSON file with model prices, which override the shipped ones' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l backfill -d 'Embed at most N stored facts that have no vector yet; 0 for none' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l pipeline-enabled -d 'false skips the run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l rollout-percent -d 'Process only this share of players, in percent; always the same players' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l duplicate-similarity -d 'Cosine similarity at which a new fact replaces an old one' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l unsupported-facts -d 'keep or drop facts whose quote is not in the transcript' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l template-dir -d 'Use the prompt template prompt.j2 in this folder [default: the shipped one]' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l conflict -d 'Who updates the conflict temperature: application, own (these jobs), or auto (detect whether the application does)' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l breakup -d 'Whether a conflict can end a game although the application updates its temperature' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l id -d 'Process only this conversation, regardless of the window' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l rehearse -d 'Inject failures, such as latency=200ms,extraction=unavailable' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l ping-url -d 'Ping this healthchecks.io-compatible address at a run\'s start and end' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l execution-id -d 'Use this id for the run\'s execution, so that the caller can poll it from the start' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l llm -d 'local, anthropic:NAME or openai:NAME [default: the vendor whose key is set, else local]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l embeddings -d 'local or openai:NAME [default: openai:text-embedding-3-small with a key, else local]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l enrich -d 'Whether a remote language model polishes prompts' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l llm-context -d 'The model\'s context, for a request and its reply; beyond it the oldest messages are cut [default: learned from a refusal]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l llm-reply-tokens -d 'The most tokens in a reply [default: 8192, a quarter of the context, or fewer if the server requires it]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l llm-rpm -d 'Language model requests per minute [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l embeddings-rpm -d 'Embedding requests per minute [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l request-timeout -d 'Timeout of one model request [default: the time that its stage has left]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l anthropic-base-url -d 'Base URL of Anthropic\'s API, without /v1' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l openai-base-url -d 'Base URL of OpenAI\'s API or a compatible server, with /v1; such a server needs no key' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l lease -d 'How long the run\'s lease lasts without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l metrics-file -d 'Write metrics to this file, for node_exporter\'s textfile collector; all jobs share one file' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l allow-overlap -d 'Allow concurrent runs, on this host and others'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l reprocess -d 'With --id: process it again even if it was processed or failed'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -s n -l dry-run -d 'Report what a run would do now; write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -l force -d 'Ignore the window, but never another run\'s lease'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand process-conversations" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l recovered-exit-code -d 'Exit code of a successful run that recovered something' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l window -d 'Skip if a run completed within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l batch -d 'Recover at most N conversations, the longest idle first' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l idle -d 'A conversation idle for this long is stuck' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l ping-url -d 'Ping this healthchecks.io-compatible address at a run\'s start and end' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l lease -d 'How long the run\'s lease lasts without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l metrics-file -d 'Write metrics to this file, for node_exporter\'s textfile collector; all jobs share one file' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l requeue -d 'Make conversations with attempts left active again, not failed'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -s n -l dry-run -d 'Report what a run would do now; write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -l force -d 'Ignore the window, but never another run\'s lease'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand recover" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l user -d 'The player\'s id' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l platform -d 'The platform of the prompt' -r -f -a "text\t''
voice\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l template-dir -d 'Use the prompt template prompt.j2 in this folder [default: the shipped one]' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand prompt" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l recovered-exit-code -d 'Exit code of a successful run that recovered something' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l window -d 'Skip if a run completed within this time [default: four fifths of --check-interval]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l check-interval -d 'The interval of the schedule, in seconds' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l batch -d 'Fail at most N records, the longest-running first' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l audit-timeout -d 'An audit that runs longer than this is unhealthy, in minutes' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l no-activity -d 'A record without a log entry or heartbeat for this long is unhealthy, in minutes' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l execution-timeout -d 'A job\'s run that takes longer than this is unhealthy' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l idle -d 'Count conversations idle for this long as stuck; recover recovers them' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l retain -d 'Delete executions that ended longer ago than this; never keeps all of them' -r -f -a "DUR\t''
never\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l ping-url -d 'Ping this healthchecks.io-compatible address at a run\'s start and end' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l audit -d 'Only judge this audit; change nothing' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l execution -d 'Only judge this execution; change nothing' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l lease -d 'How long the run\'s lease lasts without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l metrics-file -d 'Write metrics to this file, for node_exporter\'s textfile collector; all jobs share one file' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -s n -l dry-run -d 'Report what a run would do now; write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -l force -d 'Ignore the window, but never another run\'s lease'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand scan-stuck" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l job -d 'The job\'s name; runs of one name share a lease' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l window -d 'Skip if a run completed within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l timeout -d 'End the command after this time [default: no limit]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l grace -d 'How long the command can continue after a signal' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l audit -d 'Record the run as an audit of this type, for scan-stuck' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l ping-url -d 'Ping this healthchecks.io-compatible address at a run\'s start and end' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l lease -d 'How long the run\'s lease lasts without a renewal; at least 2s' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l skip-exit-code -d 'Exit code of a skipped run' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l metrics-file -d 'Write metrics to this file, for node_exporter\'s textfile collector; all jobs share one file' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l pass-stdout -d 'Pass the command\'s stdout through; the result goes to stderr'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -l force -d 'Ignore the window, but never another run\'s lease'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand exec" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l session-timeout -d 'Silence after which a conversation counts as over' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l rollout-percent -d 'Process only this share of players, in percent; always the same players' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l idle -d 'A conversation idle for this long is stuck' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l on-change -d 'Exit 3 once a new verdict is confirmed by two checks in a row, else 0; FILE keeps the last verdict' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand health" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l since -d 'How far to look back' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand stats" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l since -d 'List the runs within this time, the newest first' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l job -d 'With --since: only runs of this job' -r -f -a "decay\t''
process-conversations\t''
recover\t''
scan-stuck\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l state -d 'With --since: only running, completed or failed runs' -r -f -a "running\t''
completed\t''
failed\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l host -d 'With --since: only runs on this host' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l rows -d 'With --since: list at most N runs' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -s w -l watch -d 'On a terminal: refresh every second, until the execution ends'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand status" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l since -d 'Only failures within this time [default: all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l error -d 'Only errors that contain this text' -r -f
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
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand failures" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l since -d 'With --failed: only failures within this time' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l error -d 'With --failed: only errors that contain this text' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l stage -d 'With --failed: only failures of this stage' -r -f -a "extraction\t''
memory_update\t''
life_sim\t''
emotional\t''
game_state\t''
conflict\t''
touchpoint\t''
summary\t''
prompt_builder\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -l failed -d 'Retry all failed conversations, in place of ids'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -s n -l dry-run -d 'List the conversations that would be retried; write nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand retry" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l session-timeout -d 'Silence after which a conversation counts as over' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l rollout-percent -d 'Process only this share of players, in percent; always the same players' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l batch -d 'The batch size of process-conversations' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l decay-batch -d 'The batch size of decay [default: no cap]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l grace-hours -d 'Grace period by chapter, in hours' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l rates -d 'Points per hour by chapter' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l max-points -d 'The most points a run takes from a player' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand why" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l since -d 'How far to look back; hourly figures up to 48h, daily beyond' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l session-timeout -d 'Silence after which a conversation counts as over' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l rollout-percent -d 'Process only this share of players, in percent; always the same players' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l idle -d 'A conversation idle for this long is stuck' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -s o -l output -d 'Write the report here; an older one is replaced only when the new one is complete' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand report" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l since -d 'Check only rows that changed within this time [default: all rows]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l rows -d 'List at most N rows for each promise' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand check" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l template-dir -d 'Use the prompt template prompt.j2 in this folder [default: the shipped one]' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l llm -d 'local, anthropic:NAME or openai:NAME [default: the vendor whose key is set, else local]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l embeddings -d 'local or openai:NAME [default: openai:text-embedding-3-small with a key, else local]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l llm-context -d 'The model\'s context, for a request and its reply; beyond it the oldest messages are cut [default: learned from a refusal]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l llm-reply-tokens -d 'The most tokens in a reply [default: 8192, a quarter of the context, or fewer if the server requires it]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l anthropic-base-url -d 'Base URL of Anthropic\'s API, without /v1' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l openai-base-url -d 'Base URL of OpenAI\'s API or a compatible server, with /v1; such a server needs no key' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -l online -d 'Send one small request to each remote model'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l database-url -d 'postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l db-timeout -d 'The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]' -r -f
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -l plan -d 'Print the SQL that would run, and change nothing'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand migrate" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -l path -d 'Where to build it [default: demo.sqlite in the state folder]' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -l format -d 'Output format of stdout [default: human on a terminal, else json]' -r -f -a "human\t''
json\t''"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -l env-file -d 'Read variables from this file instead of ./.env; variables already set win' -r -F
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -s q -l quiet -d 'Print nothing on success or a skip; on failure, the result and the log'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -s v -l verbose -d 'Log more to stderr; twice for details'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand demo" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand help" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand completions" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand man" -l dir -d 'Write a page for each command into this folder instead' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand man" -s h -l help -d 'Print help'
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand schema" -l dir -d 'Write a schema for each command into this folder instead' -r -f -a "(__fish_complete_directories)"
complete -c nikita-jobs -n "__fish_nikita_jobs_using_subcommand schema" -s h -l help -d 'Print help'
