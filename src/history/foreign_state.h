/* Foreign state: the row in which Logto keeps its alteration state, read, adopted, and written along. */

#ifndef HISTORY_FOREIGN_STATE_H
#define HISTORY_FOREIGN_STATE_H

#include "core/adoption.h"
#include "history/history.h"

/* Reads the row and what dbalt remembers of it; neither need be there. */
bool foreign_state_read(ForeignState *state, Arena *arena, History *history, DbaltError *error);

/* Writes into the history what the other program did since, and remembers its timestamp, in one transaction. */
bool foreign_state_adopt(History *history, const Adoption *adoption, Timestamp timestamp, DbaltError *error);

#endif
