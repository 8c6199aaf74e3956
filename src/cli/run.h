/* Run: what deploy and the roll backs have in common: the options of the lock, the question, the run and its summary. */

#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/command.h"

/* Fields and options of a command that takes the deploy lock. */
#define LOCK_FIELDS \
    bool no_wait;   \
    int wait_lock;

#define LOCK_OPTIONS(Struct)                                                                                 \
    OPTION(Struct, no_wait, .name = "no-wait", .help = "exit 5 at once when another deploy holds the lock"), \
        OPTION(Struct, wait_lock, .name = "wait-lock", .value = "SECONDS", .help = "wait no longer than that for the lock")

/* For what runs alterations. */
#define RESUME_OPTION(Struct) \
    OPTION(Struct, resume, .name = "resume", .value = "HOW", .choices = "retry|skip", .help = "what to do with a step of unknown end")

#define LIMIT_SETTINGS                                                                                                                     \
    SETTING(lock_timeout, .name = "lock-timeout", .value = "TIME", .none = -1,                                                             \
            .help = "wait so many seconds for a lock of others, not 5"),                                                                   \
        SETTING(lock_retries, .name = "lock-retries", .value = "TIMES", .none = -1, .help = "and then try again so often, not 10 times"),  \
        SETTING(statement_timeout, .name = "statement-timeout", .value = "TIME", .none = -1, .help = "seconds that a statement may last"), \
        SETTING(answer_timeout, .name = "answer-timeout", .value = "TIME", .none = -1,                                                     \
                .help = "give up a server that is dead for so many seconds"),                                                              \
        SETTING(no_pipeline, .name = "no-pipeline", .help = "send each alteration when the one before is done")

/* Of the option's value; NULL when it was not given. */
DbaltResume run_resume(const char *value);

/* Asks before what cannot be undone; without anybody to ask it is a yes. EXIT_INTERRUPTED when the answer is no. */
ExitCode run_confirm(Session *session, const char *question);

/* Says where a plan goes and what it would run. */
void run_announce(Session *session, const DbaltPlan *plan, DbaltAction action);

/* Runs the plan and says what was done, also when it fails. An empty plan is run too: files released since correct the history. */
ExitCode run_plan(Session *session, DbaltPlan *plan, DbaltAction action, const char *command);

/* For CLEANUP. */
void run_plan_cleanup(DbaltPlan **plan);

#endif
