/*
 * libpq, loaded with the first URL that is for it: with the twenty libraries that it brings along it takes most of the time in which
 * the program starts. To be included in place of <libpq-fe.h>.
 */

#ifndef DRIVERS_POSTGRES_LIBPQ_H
#define DRIVERS_POSTGRES_LIBPQ_H

#include <libpq-fe.h>

#include "base/error.h"

/* All that is called. */
#define LIBPQ_FUNCTIONS(X)        \
    X(PQbackendPID);              \
    X(PQcancel);                  \
    X(PQclear);                   \
    X(PQcmdStatus);               \
    X(PQcmdTuples);               \
    X(PQconnectPoll);             \
    X(PQconnectStartParams);      \
    X(PQconnectionNeedsPassword); \
    X(PQconninfo);                \
    X(PQconninfoFree);            \
    X(PQconninfoParse);           \
    X(PQconsumeInput);            \
    X(PQdb);                      \
    X(PQenterPipelineMode);       \
    X(PQerrorMessage);            \
    X(PQescapeIdentifier);        \
    X(PQescapeLiteral);           \
    X(PQexitPipelineMode);        \
    X(PQfinish);                  \
    X(PQflush);                   \
    X(PQfname);                   \
    X(PQfreeCancel);              \
    X(PQfreemem);                 \
    X(PQftype);                   \
    X(PQgetCancel);               \
    X(PQgetCopyData);             \
    X(PQgetResult);               \
    X(PQgetisnull);               \
    X(PQgetvalue);                \
    X(PQhost);                    \
    X(PQhostaddr);                \
    X(PQisBusy);                  \
    X(PQnfields);                 \
    X(PQntuples);                 \
    X(PQparameterStatus);         \
    X(PQpass);                    \
    X(PQpipelineSync);            \
    X(PQport);                    \
    X(PQputCopyData);             \
    X(PQputCopyEnd);              \
    X(PQresultErrorField);        \
    X(PQresultErrorMessage);      \
    X(PQresultStatus);            \
    X(PQsendFlushRequest);        \
    X(PQsendPrepare);             \
    X(PQsendQuery);               \
    X(PQsendQueryParams);         \
    X(PQsendQueryPrepared);       \
    X(PQserverVersion);           \
    X(PQsetNoticeReceiver);       \
    X(PQsetSingleRowMode);        \
    X(PQsetnonblocking);          \
    X(PQsocket);                  \
    X(PQstatus);                  \
    X(PQtransactionStatus);       \
    X(PQuser);

#define LIBPQ_MEMBER(name) __typeof__(&(name)) call_##name

typedef struct Libpq {
    LIBPQ_FUNCTIONS(LIBPQ_MEMBER)
    bool is_complete;
} Libpq;

/* Of the process, as what is loaded is. */
extern Libpq libpq_loaded;

/* To be called before any of them. */
bool libpq_load(DbaltError *error);

#define PQbackendPID libpq_loaded.call_PQbackendPID
#define PQcancel libpq_loaded.call_PQcancel
#define PQclear libpq_loaded.call_PQclear
#define PQcmdStatus libpq_loaded.call_PQcmdStatus
#define PQcmdTuples libpq_loaded.call_PQcmdTuples
#define PQconnectPoll libpq_loaded.call_PQconnectPoll
#define PQconnectStartParams libpq_loaded.call_PQconnectStartParams
#define PQconnectionNeedsPassword libpq_loaded.call_PQconnectionNeedsPassword
#define PQconninfo libpq_loaded.call_PQconninfo
#define PQconninfoFree libpq_loaded.call_PQconninfoFree
#define PQconninfoParse libpq_loaded.call_PQconninfoParse
#define PQconsumeInput libpq_loaded.call_PQconsumeInput
#define PQdb libpq_loaded.call_PQdb
#define PQenterPipelineMode libpq_loaded.call_PQenterPipelineMode
#define PQerrorMessage libpq_loaded.call_PQerrorMessage
#define PQescapeIdentifier libpq_loaded.call_PQescapeIdentifier
#define PQescapeLiteral libpq_loaded.call_PQescapeLiteral
#define PQexitPipelineMode libpq_loaded.call_PQexitPipelineMode
#define PQfinish libpq_loaded.call_PQfinish
#define PQflush libpq_loaded.call_PQflush
#define PQfname libpq_loaded.call_PQfname
#define PQfreeCancel libpq_loaded.call_PQfreeCancel
#define PQfreemem libpq_loaded.call_PQfreemem
#define PQftype libpq_loaded.call_PQftype
#define PQgetCancel libpq_loaded.call_PQgetCancel
#define PQgetCopyData libpq_loaded.call_PQgetCopyData
#define PQgetResult libpq_loaded.call_PQgetResult
#define PQgetisnull libpq_loaded.call_PQgetisnull
#define PQgetvalue libpq_loaded.call_PQgetvalue
#define PQhost libpq_loaded.call_PQhost
#define PQhostaddr libpq_loaded.call_PQhostaddr
#define PQisBusy libpq_loaded.call_PQisBusy
#define PQnfields libpq_loaded.call_PQnfields
#define PQntuples libpq_loaded.call_PQntuples
#define PQparameterStatus libpq_loaded.call_PQparameterStatus
#define PQpass libpq_loaded.call_PQpass
#define PQpipelineSync libpq_loaded.call_PQpipelineSync
#define PQport libpq_loaded.call_PQport
#define PQputCopyData libpq_loaded.call_PQputCopyData
#define PQputCopyEnd libpq_loaded.call_PQputCopyEnd
#define PQresultErrorField libpq_loaded.call_PQresultErrorField
#define PQresultErrorMessage libpq_loaded.call_PQresultErrorMessage
#define PQresultStatus libpq_loaded.call_PQresultStatus
#define PQsendFlushRequest libpq_loaded.call_PQsendFlushRequest
#define PQsendPrepare libpq_loaded.call_PQsendPrepare
#define PQsendQuery libpq_loaded.call_PQsendQuery
#define PQsendQueryParams libpq_loaded.call_PQsendQueryParams
#define PQsendQueryPrepared libpq_loaded.call_PQsendQueryPrepared
#define PQserverVersion libpq_loaded.call_PQserverVersion
#define PQsetNoticeReceiver libpq_loaded.call_PQsetNoticeReceiver
#define PQsetSingleRowMode libpq_loaded.call_PQsetSingleRowMode
#define PQsetnonblocking libpq_loaded.call_PQsetnonblocking
#define PQsocket libpq_loaded.call_PQsocket
#define PQstatus libpq_loaded.call_PQstatus
#define PQtransactionStatus libpq_loaded.call_PQtransactionStatus
#define PQuser libpq_loaded.call_PQuser

#endif
