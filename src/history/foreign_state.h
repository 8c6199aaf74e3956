/* Foreign state: the row in which Logto keeps its alteration state, read, adopted, and written along. */

#ifndef HISTORY_FOREIGN_STATE_H
#define HISTORY_FOREIGN_STATE_H

#include "core/adoption.h"
#include "history/history.h"

/* The row of HISTORY_READ_STATE, which says where the state lies too, and that of HISTORY_READ_REMEMBERED; neither need be there. */
void foreign_state_take(ForeignState *state, History *history, Arena *arena, const Answer *answer);
void foreign_state_take_remembered(ForeignState *state, Arena *arena, const Answer *answer);

/* Writes into the history what the other program did since, and remembers its timestamp, in one transaction. */
bool foreign_state_adopt(History *history, const Adoption *adoption, Timestamp timestamp, DbaltError *error);

#endif
