/*
 * limits: every bound of the engine, named, with its reason. Sizes in bytes, times in milliseconds.
 */
/* This file has the name of a header of the C library, and some compilers reach it on their way to
 * that one: pass them on. Before the guard, since that happens while this file is being read. */
#include_next <limits.h>

#ifndef HK_LIMITS_H
#define HK_LIMITS_H

/* --- the HTTP edge --- */
#define HK_HTTP_REQUEST_LINE_MAX 8192  /* longest target that any client of ours makes is < 1 KB */
#define HK_HTTP_HEADERS_SIZE_MAX 16384 /* all header fields together */
#define HK_HTTP_HEADERS_COUNT_MAX 64
#define HK_HTTP_BODY_SIZE_MAX (8 * 1024 * 1024) /* a batch of alerts */
#define HK_HTTP_RESPONSE_SIZE_MAX (16 * 1024 * 1024)
#define HK_HTTP_HEADERS_TIME_MAX_MS 10000 /* whole request head, from its first byte */
#define HK_HTTP_BODY_TIME_MAX_MS 30000    /* whole body, whatever trickles in */
#define HK_HTTP_IDLE_MAX_MS 60000         /* keep-alive without a request */
#define HK_HTTP_STALL_MAX_MS 30000        /* an answer of which the peer takes nothing */
#define HK_HTTP_LINGER_TIME_MAX_MS                                                                 \
    2000 /* after a last answer, for the peer to read it before the close */
#define HK_HTTP_LINGER_SIZE_MAX                                                                    \
    (16 * 1024 * 1024)                   /* what the peer may still send meanwhile; it is dropped */
#define HK_HTTP_CONNECTIONS_MAX 1024     /* over TCP */
#define HK_HTTP_LOCAL_CONNECTIONS_MAX 64 /* over the Unix socket; no TCP peer takes these */
#define HK_HTTP_REFUSALS_MAX 64          /* connections beyond, that are being told so */
#define HK_HTTP_ACCEPTS_MAX 64           /* new connections, until the old ones are read again */
#define HK_HTTP_DESCRIPTORS_OTHER 256    /* for files, plugins and the rest of the process */
#define HK_HTTP_BODIES_SIZE_MAX                                                                    \
    (256 * 1024 * 1024) /* bodies being received, all connections together */
#define HK_HTTP_ANSWERS_SIZE_MAX                                                                   \
    (256 * 1024 * 1024) /* answers that slow peers have not taken, all connections together */
#define HK_TLS_HANDSHAKE_MAX_MS 10000 /* from accept to the end of the handshake */
#define HK_TLS_FILE_SIZE_MAX                                                                       \
    (256 * 1024)                  /* a certificate with its chain, a key, a bundle of CAs          \
                                   */
#define HK_LISTENERS_KEPT_MAX 256 /* listening sockets handed on when the engine begins anew */
#define HK_HTTP_PIPELINE_MAX 1 /* one request at a time a connection; others wait in the socket */

/* Those who follow events wait for an answer each. */
#define HK_EVENTS_WAIT_S 25          /* below what proxies allow an answer to take */
#define HK_EVENTS_WAITING_MAX 48     /* leaves places to others, over the Unix socket too */
#define HK_EVENTS_LOOK_MS 200        /* a person at a screen doesn't notice */
#define HK_EVENTS_RETRY_MS 250       /* until a client that was answered comes again */
#define HK_EVENTS_RETRY_FULL_MS 5000 /* the same, of one for whom there was no place */
#define HK_EVENTS_LINES_MAX 1000     /* entries of one look: some milliseconds */

/* --- asking other servers --- */
#define HK_HTTP_URL_SIZE_MAX 8192  /* as the edge takes it */
#define HK_HTTP_ASKS_OPEN_MAX 1024 /* of one client, those in line too */
#define HK_HTTP_ASKS_LIVE_MAX 24   /* of one client at once: below a plugin's descriptors */
#define HK_HTTP_ASK_HEADERS_MAX 64
#define HK_HTTP_ASK_BODY_SIZE_MAX (8 * 1024 * 1024)
#define HK_HTTP_ANSWER_HEADERS_SIZE_MAX 65536 /* of all heads that one request is answered with */
#define HK_HTTP_ANSWER_HEADERS_MAX 256
#define HK_HTTP_ANSWER_SIZE_MAX (16 * 1024 * 1024)
#define HK_HTTP_REDIRECTS_MAX 10
#define HK_HTTP_CONNECT_MAX_MS 10000               /* names and connections, each time */
#define HK_HTTP_AUTHORITIES_SIZE_MAX (1024 * 1024) /* PEM; the system's are some 200 KB */

/* --- login --- */
/* RFC 9106 section 4, the second recommended choice but for lanes: one thread does all. About a
 * seventh of a second here. */
#define HK_ARGON2_MEMORY_KIB 65536
#define HK_ARGON2_PASSES 3
#define HK_ARGON2_LANES 1
#define HK_LOCKOUT_WAIT_MIN_MS 5000
#define HK_LOCKOUT_WAIT_MAX_MS 300000
#define HK_LOCKOUT_FORGET_MS 3600000
#define HK_LOCKOUT_KEYS_MAX 20000 /* at one hash each, most of an hour to fill */
#define HK_SESSIONS_MAX 10000
#define HK_SESSIONS_PER_USER_MAX 20     /* the oldest ends for the next one */
#define HK_LINK_MS (24LL * 3600000)     /* to set a password with */
#define HK_STEP_UP_MS 300000            /* a code given so long ago still counts for a decision */
#define HK_VISIT_MS 3600000             /* one entry an hour for whoever enters another tenant */
#define HK_VISITS_MAX 4096              /* remembered; beyond that some are written twice */
#define HK_DEVICE_MS (180LL * 86400000) /* a browser is known for so long after its last login */
/* Passwords that wait for the one thread: some two seconds; as many again of known browsers. */
#define HK_HASH_QUEUE_MAX 16

/* --- alerts --- */
#define HK_ALERT_SIZE_MAX (256 * 1024) /* one alert as it came; real EDR alerts reach 100 KB */
#define HK_ALERT_DEPTH_MAX 64
#define HK_ALERT_NODES_MAX 20000
#define HK_ALERTS_PER_REQUEST_MAX 5000
#define HK_INTAKE_SIZE_MAX (128 * 1024 * 1024) /* bodies being worked on, all together */
#define HK_DEDUPE_KEYS_MAX 200000              /* remembered keys per engine; the oldest go first */
#define HK_MESSAGE_FIELDS_MAX 4096 /* read from one CEF, LEEF, key=value, CSV or XML message */
#define HK_FORM_DEPTH_MAX 32       /* of elements in XML; Windows events have 5 */
#define HK_MAPPING_SIZE_MAX (256 * 1024)   /* a mapping's file; the longest of ours is < 30 KB */
#define HK_MAPPINGS_MAX 1024               /* of one tenant, those built in included */
#define HK_MAPPING_SLOTS_MAX 64            /* names that one mapping finds in texts */
#define HK_MAPPING_UNDER_MAX 8             /* places where a mapping's paths are looked up */
#define HK_MAPPING_VALUES_MAX 64           /* of one path; further ones are not looked at */
#define HK_MAPPING_TEXT_MAX (16 * 1024)    /* bytes of any other text in a mapped view; cut */
#define HK_MAPPING_TITLE_MAX 400           /* bytes of a title; what is longer is cut */
#define HK_MAPPING_STEPS_MAX 200000L       /* comparisons of text patterns in one message */
#define HK_MAPPING_GLOB_STEPS_MAX 8000000L /* the same of globs; some 20 ms */
#define HK_MAPPING_LIST_MAX 64             /* items written of a list such as technique */

/* --- cases --- */
#define HK_CASE_WINDOW_DEFAULT_MS (24 * 3600000)
#define HK_CASE_WINDOW_MAX_MS (30LL * 86400000)
#define HK_CASE_INDEX_MAX 100000 /* entities remembered; those unseen longest go first */
#define HK_CASE_ENTITIES_MAX                                                                       \
    200 /* that one case is joined by; one with more is no case but a heap */
#define HK_CASES_LOOKED_AT_MAX 1000 /* after a start: may they be closed? */
#define HK_ENTITY_CASES_MAX                                                                        \
    5 /* open cases that one entity may be in; what is in more tells nothing and joins none */
#define HK_CASE_TITLE_SIZE_MAX 256
#define HK_EVIDENCE_SIZE_MAX                                                                       \
    (48 * 1024) /* content kept in the record; within a step's arguments                           \
                 */
#define HK_CASE_EVIDENCE_AT_ONCE_MAX 16
#define HK_CASE_ITEMS_SHOWN_MAX 100 /* of each list of a case that is shown; counts are whole */
#define HK_TIMELINE_ALERTS_MAX 500  /* newest alerts of a case that its timeline follows */
#define HK_TIMELINE_ENTRIES_MAX                                                                    \
    200000 /* of one timeline, sorted in memory: 1.6 MB, and far beyond what anybody reads */

/* --- sources --- */
#define HK_SOURCES_MAX 256 /* of all tenants together */
#define HK_MESSAGE_SIZE_MAX                                                                        \
    (128 * 1024) /* one message or line; escaped it can grow sixfold, and still be a payload */
#define HK_BATCH_MESSAGES_MAX 64       /* read and offered in one turn of the loop */
#define HK_BATCH_SIZE_MAX (512 * 1024) /* bytes of those, but for the last one */
#define HK_BATCHES_PER_TURN_MAX 4      /* of all sources: some milliseconds */
#define HK_SOURCES_OPEN_SIZE_MAX                                                                   \
    (64 * 1024 * 1024)                    /* accepted and not yet on disk, all together            \
                                           */
#define HK_STREAMS_MAX 2048               /* connections of all syslog listeners together */
#define HK_STREAM_BUFFER_SIZE (64 * 1024) /* read from one, and not yet taken */
#define HK_STREAM_QUIET_MS 60000          /* then its place may be given to another */
#define HK_SYSLOG_CONNECTIONS_MAX 512     /* of one listener */
#define HK_SYSLOG_HELD_SIZE_MAX                                                                    \
    (32 * 1024 * 1024) /* parts of messages that have not wholly come, all connections together */
#define HK_SYSLOG_FRAME_SIZE_MAX                                                                   \
    (16 * 1024 * 1024)             /* a length beyond is no length, and the stream can't be read */
#define HK_DATAGRAM_SIZE_MAX 65535 /* what UDP can carry */
#define HK_DATAGRAMS_AT_ONCE HK_BATCH_MESSAGES_MAX
#define HK_DATAGRAM_BATCHES_PER_TURN_MAX 4
#define HK_DATAGRAM_KERNEL_SIZE (8 * 1024 * 1024)  /* asked of the kernel, for bursts */
#define HK_WEBHOOK_BODY_SIZE_MAX (2 * 1024 * 1024) /* hashed before anybody is known */
#define HK_SOURCE_RETRY_MS 10                      /* a batch that the engine could not take */
#define HK_TALLY_FAILURES_MAX 64 /* (source, mapping) that failed, of one tenant */
#define HK_FILES_MAX 1024        /* of one source; rotated ones that still match count */
#define HK_FILES_HELD_MAX 256    /* descriptors of files, all sources together */
#define HK_FILE_POLL_MS 200      /* how soon a new line is seen */
#define HK_FILE_SCAN_MS 1000     /* how soon a new file is seen */
#define HK_FILE_BATCHES_MAX 4    /* read ahead of the engine, of one source */
#define HK_FILE_ORPHAN_MS 60000  /* a file that was renamed away may still be written to */
#define HK_FILE_PRINT_SIZE 256   /* bytes by which a file is known again */

/* --- ledger --- */
#define HK_ENTRIES_MAX                                                                             \
    ((UINT64_C(1) << 40) - 1) /* of one tenant: its part of a row's number, see ledger/store.h */
#define HK_PAYLOAD_SIZE_MAX (1024 * 1024) /* one entry's payload */
#define HK_WRITE_QUEUE_MAX 8192 /* requests waiting for the writer; admission starts at half */
#define HK_WRITE_BATCH_MAX                                                                         \
    1024 /* requests in one transaction: bounds the time to the next sync                          \
          */
#define HK_CREDENTIAL_SIZE_MAX 4096     /* a hash with its parameters, or ten of recovery codes */
#define HK_HEARTBEAT_DEFAULT_MS 3600000 /* a sign of life in each record */
#define HK_SINKS_MAX 8                  /* places that checkpoints are sent to; a thread each */
#define HK_SINK_COMMAND_WORDS_MAX 32    /* a program and its arguments */
#define HK_SINK_TIME_MAX_MS 10000       /* one try */
#define HK_SINK_LINGER_MS 1000          /* for a syslog server to say that it took nothing */
#define HK_SINK_RETRY_MS 30000          /* after a failure; half of the time between checkpoints */
#define HK_SINK_MESSAGE_SIZE_MAX 20480  /* a note of HK_NOTE_SIZE_MAX in JSON */
#define HK_CURSOR_KEY_MAX 255
#define HK_CHECKPOINTS_TAIL_SIZE 32768 /* of a file of checkpoints, looked at for the newest */
#define HK_LEDGER_KEYS_MAX                                                                         \
    1000 /* signing keys of a ledger, one after the other: one a month for long */
#define HK_CURSOR_VALUE_MAX 8192 /* a path of PATH_MAX and some numbers */
#define HK_READER_THREADS 2
#define HK_READ_QUEUE_MAX 1024
#define HK_READ_BUDGET_MS 2000 /* one query */
#define HK_PAGE_ITEMS_MAX 500  /* one page of a list */
#define HK_BACKUP_FILES_SIZE_MAX                                                                   \
    (256 * 1024 * 1024)        /* what plugins keep, held in memory while a backup is made */
#define HK_MOVE_FILES_MAX 4096 /* of one tenant's plugins, moved with it; ours keep one each */
#define HK_WAL_SIZE_MAX (16 * 1024 * 1024)  /* checkpoint above this */
#define HK_WAL_SIZE_WAIT (64 * 1024 * 1024) /* above this the writer waits for those who read */
/* Room on the disk, see ledger/room.h. Below the first, what is on its way (queues, the WAL, and
 * the same again when it is copied back) still fits. */
#define HK_ROOM_TIGHT_SIZE (96 * 1024 * 1024)
#define HK_ROOM_LAST_SIZE (16 * 1024 * 1024)    /* runs that have begun end in this */
#define HK_ROOM_RESERVE_SIZE (16 * 1024 * 1024) /* and in this, which is kept free for them */
#define HK_ROOM_AGAIN_SIZE (160 * 1024 * 1024)  /* so far above the first that it doesn't flap */
#define HK_ROOM_LOOK_MS 1000
#define HK_ROOM_RETRY_S 30         /* somebody has to make room first */
#define HK_ERASE_ENTRIES_MAX 15000 /* of one erasure, in one transaction: about a second */
#define HK_ERASE_PARTS_MAX 500     /* cases of which a part goes */
#define HK_ERASED_PAYLOAD_SIZE                                                                     \
    (384 * 1024) /* what one entry says of them; the ids of all subjects still fit beside it */
#define HK_RETIRE_IDS_MAX 8       /* alerts or cases of one slice by rule: some milliseconds */
#define HK_RETIRE_SEQS_MAX 256    /* entries of one slice */
#define HK_RETIRE_LINES_MAX 20000 /* looked at in one query */
#define HK_RETIRE_PAUSE_MS 20     /* between two slices, for everything else */
#define HK_RETIRE_LOOK_MS 600000  /* what becomes due waits for so long at most */
#define HK_RETIRE_AGAIN_US (24 * 3600LL * 1000000) /* what was still needed is looked at again */
#define HK_RETAIN_MAX_MS (100LL * 366 * 86400000)
#define HK_SCRUB_LATER_MS                                                                          \
    30000 /* after a slice by rule: others follow, one scrubbing does for all */
#define HK_SCRUB_PAGES_PER_SLICE 1024 /* 4 MB looked at between two writes: a few milliseconds */
#define HK_SCRUB_RETRY_MS 50          /* while somebody reads what is to be overwritten */
#define HK_SCRUB_STOP_MS 3000         /* of a stop; the next start goes on with the rest */

/* --- the index of texts, see ledger/search_index.h --- */
#define HK_SEARCH_SHARD_ENTRIES                                                                    \
    32768 /* of one file: made anew in seconds when one of its entries is erased, and what one     \
             look into it can cost is bounded */
#define HK_SEARCH_SLICE_ENTRIES 512  /* indexed at once: some tens of milliseconds */
#define HK_SEARCH_SLICE_MS 50        /* the WAL is held open for no longer */
#define HK_SEARCH_PAUSE_MS 100       /* entries that come together are indexed together */
#define HK_SEARCH_RETRY_MS 5000      /* after a failure: the disk may have room again */
#define HK_SEARCH_STOP_MS 2000       /* to keep files that are not full; others are made anew */
#define HK_SEARCH_NICE 10            /* whatever else runs comes first */
#define HK_SEARCH_CACHE_KB 8192      /* of the one file that is written */
#define HK_SEARCH_TEXT_SIZE_MAX 8192 /* of one text; what is behind is not found */
#define HK_SEARCH_RAW_SIZE_MAX 4096  /* of what came, beside what the view has of it */
#define HK_SEARCH_COLUMN_SIZE_MAX (64 * 1024) /* words of one entry in one column */
#define HK_SEARCH_WORD_SIZE_MAX 128   /* SHA-512 in hexadecimal; the rest of a word is left out */
#define HK_SEARCH_QUERY_SIZE_MAX 1024 /* bytes of a question */
#define HK_SEARCH_WORDS_MAX 64        /* looked up for one question */
#define HK_SEARCH_DEPTH_MAX 8         /* brackets in each other */
#define HK_SEARCH_ITEMS_DEFAULT 100   /* of one page */
#define HK_SEARCH_NOTE_SIZE_MAX 300   /* of a person's text that is shown beside a hit */

/* --- playbooks --- */
#define HK_LUA_MEMORY_MAX (16 * 1024 * 1024) /* one run's state */
#define HK_LUA_INSTRUCTIONS_MAX 50000000L    /* one run between two waits, replay included */
#define HK_LUA_SLICE_MS 140                  /* CPU time of one activation: it stops within 200 */
#define HK_LUA_PCALL_DEPTH_MAX 1000          /* calls that stand when something is caught */
#define HK_PLAYBOOK_SIZE_MAX (256 * 1024)
#define HK_PLAYBOOK_TEXTS_MAX 1000 /* of a tenant in memory, 256 MiB; a start forgets some */
#define HK_TRIAL_TIME_MAX_MS (366LL * 86400 * 1000) /* nobody looks at one that is older */
#define HK_VERSIONS_MEMORY_MAX (16UL * 1024 * 1024) /* names with their versions, at a start */
#define HK_PLAYBOOK_JUMPS_MAX 4000         /* goto, and break: the parser's time is their square */
#define HK_RUN_STEPS_MAX 10000             /* entries of one run */
#define HK_RUN_BRANCHES_MAX 256            /* of one together */
#define HK_RUN_BRANCHES_LIVE_MAX 4096      /* of one run at once, nested ones too */
#define HK_EACH_ITEMS_MAX 10000            /* of one each: a step for each is all that a run has */
#define HK_EACH_AT_ONCE 8                  /* of one each, unless it says otherwise */
#define HK_RETRY_TIMES 3                   /* tries of one retry, unless it says otherwise */
#define HK_RETRY_TIMES_MAX 100             /* a hundredth of a run's steps goes into pauses */
#define HK_RETRY_FIRST_MS 1000             /* its first pause, unless it says otherwise */
#define HK_RETRY_AT_MOST_MS 300000         /* its longest pause, unless it says otherwise */
#define HK_CALL_DEPTH_MAX 4                /* playbooks that call each other */
#define HK_CALLS_MAX 64                    /* of one run: what an alert starts ends */
#define HK_CALLED_ENDED_MAX 1000           /* that end with their caller in one write */
#define HK_CONTINUES_MAX 10000             /* runs of a chain: hourly, for a year */
#define HK_CONTINUES_PER_HOUR_MAX 60       /* with all their steps, 166 a second */
#define HK_CONTINUES_CALLED_MAX 256        /* each is in its caller's record too */
#define HK_SIGNALS_KEPT_MAX 64             /* that came to a run before it asked for them */
#define HK_SIGNALS_MAX 4096                /* of one run: its entries are read as a whole */
#define HK_SIGNAL_HOPS_MAX 256             /* runs it follows: each is read */
#define HK_SIGNAL_SIZE_MAX (16 * 1024)     /* of what comes with one, as JSON */
#define HK_HOLIDAYS_MAX 1000               /* of one tenant: each wait looks at them */
#define HK_STEP_PATH_SIZE 128              /* step identity, with NUL */
#define HK_ARGS_SIZE_MAX (64 * 1024)       /* arguments of one step */
#define HK_RUN_VALUE_SIZE_MAX (512 * 1024) /* what run returns: part of a payload */
#define HK_DRIVE_MEMORY_MAX (64 * 1024 * 1024) /* steps and answers of one run in a test */
#define HK_CATALOG_TIME_MAX_MS 30000 /* for plugins to say what they are, without an engine */
#define HK_SYNTAX_LEVELS_MAX 500     /* of nesting while a text is looked at; Lua takes 200 */
#define HK_SYNTAX_DEPTH_MAX 2000     /* of its tree: a + b + c … is as deep as it is long */
#define HK_SYNTAX_MEMORY_MAX (64 * 1024 * 1024) /* a text of the largest size, all of it tokens */
#define HK_FINDINGS_MAX 200                     /* told about one playbook; all are counted */
#define HK_TESTS_MAX 1000                       /* in one file of tests */
#define HK_TEST_RUNS_MAX 100                    /* of the playbook in one test: so it ends */
#define HK_SCRIPT_CACHE_MAX 64                  /* compiled texts kept in memory */
#define HK_SCRIPT_QUEUE_MAX 65536               /* orders that wait for the script threads */
#define HK_SCRIPT_TURN_US 1000  /* of CPU: a run that takes longer goes on beside the others */
#define HK_SCRIPT_SERVING_MAX 2 /* threads for such runs, beside those found out just now */
#define HK_SCRIPT_THREADS_MAX 8 /* of all kinds: four may be found out at the same time */
#define HK_SCRIPT_NICE 19       /* of a slowed thread: it takes what others leave */
#define HK_SCRIPT_HABITS 4096   /* versions of playbooks whose habit is remembered: 64 KiB */
#define HK_SCRIPT_CLOSE_SIZE (1024 * 1024) /* a Lua state that takes a millisecond to free */
/* How heavy a run is: points for each millisecond of a long turn, and one less for each short turn.
 * Ten milliseconds within some hundred turns are too much to go on in front. */
#define HK_SCRIPT_WEIGHT_PER_MS 50
#define HK_SCRIPT_WEIGHT_SLOW 500
#define HK_SCRIPT_WEIGHT_MAX 1500
#define HK_SCRIPT_EVENTS_PER_TURN 256 /* of one turn of the loop: some milliseconds of work */
#define HK_RUNS_ACTIVE_MAX 512   /* runs with a Lua state at once; others wait in line as ids */
#define HK_RUNS_SLOW_MAX 32      /* of these, of playbooks that take long: the rest is for others */
#define HK_RUNS_READY_MAX 100000 /* ids in that line; admission by severity before */
/* Entries of one run, which are read as a whole: each step's up to four, signals, and for each call
 * one more whenever what it called went on as a new run. */
#define HK_RUN_ENTRIES_MAX                                                                         \
    (HK_RUN_STEPS_MAX * 4 + HK_SIGNALS_MAX + HK_CALLS_MAX * HK_CONTINUES_CALLED_MAX)

/* Recorded runs that a changed playbook tells again, newest first. */
#define HK_REPLAY_RUNS_DEFAULT 1000
#define HK_REPLAY_RUNS_MAX 100000
#define HK_WALK_FRAMES_SIZE_MAX (16 * 1024 * 1024) /* names and values of all steps of one walk */
#define HK_REPLAY_ALERTS_MAX 200000 /* looked at for new triggers, a page of a list at a time */
/* Pictures of playbooks: bytes of one; nodes of a function that are drawn (dot and JSON have all).
 */
#define HK_GRAPH_SIZE_MAX (16 * 1024 * 1024)
#define HK_GRAPH_NODES_MAX 2000

/* --- plugins --- */
#define HK_WIRE_FRAME_SIZE_MAX (1024 * 1024)
#define HK_PLUGIN_FILE_SIZE_MAX (32 * 1024 * 1024)
#define HK_PLUGIN_START_MAX_MS 5000 /* exec to descriptor; a constructor that hangs ends here */
#define HK_PLUGIN_CALLS_MAX 64      /* in flight per process; more wait in line */
#define HK_PLUGIN_QUEUE_MAX 4096
#define HK_PLUGIN_IDLE_MS 300000 /* process is let go after this */
#define HK_PLUGIN_BACKOFF_MIN_MS 100
#define HK_PLUGIN_BACKOFF_MAX_MS 30000
#define HK_PLUGIN_MEMORY_MAX (512L * 1024 * 1024) /* RLIMIT_AS above what the host itself maps */
#define HK_PLUGIN_FILES_MAX 64                    /* RLIMIT_NOFILE */
#define HK_PLUGIN_WORKERS 4 /* threads for host->work per process; it can make no others */
#define HK_PLUGIN_WORKER_STACK_SIZE (8L * 1024 * 1024)
#define HK_PLUGIN_TIMERS_MAX 4096              /* armed at once per process */
#define HK_PLUGIN_CONNECTS_MAX 32              /* connections being made per process */
#define HK_PLUGIN_RESULT_SIZE_MAX (256 * 1024) /* escaped in its frame it can double */
#define HK_PLUGIN_LOG_LINE_MAX 1000
#define HK_PLUGIN_LOG_BURST 100 /* lines at once; above, lines are dropped and counted */
#define HK_PLUGIN_LOG_PER_SECOND 20
#define HK_PLUGIN_STRAY_FRAMES_MAX                                                                 \
    10000 /* useless frames in one second: it floods, it is killed                                 \
           */
#define HK_PLUGIN_FILE_WRITE_MAX (256L * 1024 * 1024) /* RLIMIT_FSIZE */
#define HK_PLUGIN_HANG_GRACE_MS 5000             /* to answer after the deadline; then it hangs */
#define HK_PLUGIN_STOP_GRACE_MS 2000             /* to end by itself when asked to */
#define HK_PLUGIN_CONNECT_MAX_MS 10000           /* resolve and connect for a plugin */
#define HK_WIRE_QUEUE_SIZE_MAX (4 * 1024 * 1024) /* frames that wait for one process to read */
#define HK_ORPHAN_GRACE_MS 10000 /* a dead engine's plugin may end its work, then is killed */
#define HK_CALL_TIME_DEFAULT_MS 30000
#define HK_CALL_TIME_MAX_MS 600000

/* --- mail and chat --- */
#define HK_MAIL_TIME_MAX_MS 120000 /* one mail; servers look for viruses before they take it */
#define HK_MAIL_CONNECTIONS_MAX 4L /* to one server; the rest wait in line */
#define HK_CHAT_TIME_MAX_MS 30000
#define HK_CHAT_ANSWER_SIZE_MAX 4096
#define HK_CHANNELS_MAX 64  /* of a tenant: a bit each */
#define HK_CONTACTS_MAX 256 /* of a tenant */
#define HK_NOTICES_PER_MINUTE_MAX                                                                  \
    300                             /* things that a tenant's people are told of, but approvals    \
                                     */
#define HK_NOTICES_GATHERED_MAX 500 /* in one message: its entry lists their ids */
#define HK_NOTICE_RETRY_MIN_MS 5000
#define HK_NOTICE_RETRY_MAX_MS (15 * 60 * 1000) /* greylisting wants some minutes */
#define HK_NOTICE_TRIES_MAX 100                 /* with these pauses, about a day */
#define HK_NOTICE_AGE_MAX_MS (24LL * 3600000)   /* due for so long: nobody waits for it any more */

/* --- engine --- */
#define HK_STOP_DEADLINE_MS 10000 /* clean stop: finish, commit, checkpoint within this */
#define HK_TIMER_BATCH_MAX 256    /* due timers taken up at once */
#define HK_GATE_EXPIRES_DEFAULT_MS 3600000
#define HK_GATE_TALK_MAX 200 /* entries of a gate, beyond which it can only be decided */
#define HK_GATE_REVISIONS_MAX                                                                      \
    20 /* a gate that was narrowed so often is for talking, not narrowing */
#define HK_LEASE_DEFAULT_MS (4 * 3600000)
#define HK_LEASE_MAX_MS (30LL * 86400000)
#define HK_LEASE_TALK_MAX                                                                          \
    5000 /* entries of a containment, a look a day for years: beyond, it is not renewed, and looks \
            that find nothing new leave none, since whoever ends it reads them all */
#define HK_TASK_TALK_MAX 500 /* entries of a task, beyond which it can only be done */
#define HK_GATE_MEMORY_MAX                                                                         \
    (64UL * 1024 * 1024)            /* HK_GATE_REVISIONS_MAX times what a gate covers              \
                                     */
#define HK_RETRY_SAME_KEY_MAX 3     /* idempotent calls sent again before the step is unknown */
#define HK_SECRET_SIZE_MAX 16384    /* a private key in PEM is the longest that people have */
#define HK_SECRET_HIDDEN_SIZE_MIN 6 /* shorter ones stand in harmless texts by chance */
#define HK_GAPS_MAX 256             /* of one kind and tenant; more tell nobody more */
#define HK_ASK_EVERY_DEFAULT_MS (15 * 60000) /* plugins: does it hold, could it be done? */
#define HK_ASK_EVERY_MIN_MS 1000
#define HK_ASK_EVERY_MAX_MS (7 * 86400000LL)
#define HK_GAP_LOOK_EVERY_MS 60000 /* minutes count in what is not covered, not seconds */
#define HK_RHYTHM_SOURCES_MAX 1024 /* of one tenant: names of sources can be made up by senders */
#define HK_REASON_SIZE_MAX 4096    /* reason, comment, evidence text from a person */

#endif
