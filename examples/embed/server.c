/* A service that refuses to start while its database lacks alterations. Usage: server PORT, with DB_URL and DBALT_DIR set. */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <dbalt/dbalt.h>

static bool database_is_ready(void)
{
    Dbalt *database = NULL;
    DbaltError error;
    DbaltOptions options = {.size = sizeof options, .url = getenv("DB_URL"), .directory = getenv("DBALT_DIR")};

    bool ready = dbalt_open(&database, &options, &error) && dbalt_check(database, NULL, NULL, &error);
    if (!ready)
        fprintf(stderr, "refusing to start: %s\n%s\n%s\n", error.message, error.detail, error.hint);
    dbalt_close(database);
    return ready;
}

int main(int count, char **arguments)
{
    if (count != 2 || !database_is_ready())
        return EXIT_FAILURE;

    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 8) != 0)
        return perror("cannot listen"), EXIT_FAILURE;

    printf("serving\n");
    fflush(stdout);
    for (int client; (client = accept(server, NULL, NULL)) >= 0; close(client))
        dprintf(client, "hello from a database that is up to date\n");
    return EXIT_SUCCESS;
}
