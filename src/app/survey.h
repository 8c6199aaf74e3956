/* Survey: folder and history laid side by side. */

#ifndef APP_SURVEY_H
#define APP_SURVEY_H

#include "app/project.h"
#include "core/plan.h"
#include "history/foreign_state.h"
#include "scripts/comparison.h"
#include "scripts/folder.h"
#include "scripts/script.h"

typedef struct Survey {
    Dbalt *project;
    Arena *arena;                     /* borrowed: everything found lives there */
    Folder folder;                    /* owned descriptor */
    const Fingerprint **fingerprints; /* one for each of folder.set; NULL while not read, or not deployed */
    const Fingerprint **cuts;         /* what was hashed while waiting, as marker lines cut it; NULL = not yet, or not so simple */
    size_t cut_count;                 /* as far as that has come */
    Comparison comparison;            /* owned; made when it is needed */
    Deployments history;
    ForeignState foreign; /* Logto's, where it is looked for */
    bool keeps_foreign;   /* dbalt writes it along */
    Adoption adoption;
    Standings standings;
} Survey;

/* For CLEANUP. */
void survey_done(Survey *survey);

/* Reads the folder. */
bool survey_folder(Survey *survey, Arena *arena, Dbalt *project, DbaltError *error);

/*
 * The same while a connection is being made: a wrong folder is told without waiting for a server. From here on until the history is
 * read, its files are hashed whenever the database keeps us waiting.
 */
bool survey_folder_first(Survey *survey, Arena *arena, Dbalt *project, DbaltError *error);

/* Tells the folder's warnings. */
void survey_warn(const Survey *survey);

/* Tells of deployed alterations whose way back alone changed since. */
void survey_warn_of_changed_down(const Survey *survey);

/* Whether Logto's state is beyond everything that folder and history have. */
bool survey_is_newer(const Survey *survey);

/* Tells so: what is newer has no name here. */
void survey_warn_of_newer(const Survey *survey);

/* Reads the history, hashes the files that it names, and works out every state. */
bool survey_history(Survey *survey, bool for_writing, DbaltError *error);

/* Takes the deploy lock and does so again: what others did meanwhile counts. options may be NULL. lock_give_back() is the caller's. */
bool survey_lock(Survey *survey, const DbaltRunOptions *options, DbaltError *error);

/* Whether Logto did something that the history does not have yet; writing that down takes the lock. */
bool survey_has_news(const Survey *survey);
bool survey_adopt(const Survey *survey, DbaltError *error);

/* Rows as the public API shows them, in the arena. */
DbaltEntries survey_entries(Arena *arena, const Standing *const *rows, size_t count);
DbaltEntries survey_all_entries(Arena *arena, Standings standings);

#endif
