/*
 * wire-proxy: forwards TCP connections on 127.0.0.1 to a PostgreSQL server and writes down the kind of every message.
 *
 * usage: wire-proxy LISTEN_PORT TARGET_HOST TARGET_PORT LOGFILE
 *
 * LISTEN_PORT 0 takes a free one; the port is printed on stdout. TARGET_HOST may be the folder of a socket. Each line of the log is
 * "<connection> <F|B> <type> <length>": F from the frontend, B from the backend; a startup packet has the type "startup". A line is
 * written before the message is forwarded. From SIGUSR1 on nothing that the server says reaches the first connection's client. TLS must be off (sslmode=disable, gssencmode=disable).
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTION_LIMIT 64
#define BUFFER_SIZE 65536

/* One way of one connection: counts the bytes of the message that is passing by. */
typedef struct Stream {
    char side;
    bool is_starting; /* the next packet has no type byte */
    unsigned char header[5];
    size_t header_length;
    uint32_t left; /* of the message's body */
} Stream;

typedef struct Pair {
    int client; /* -1 = free */
    int server;
    unsigned number;
    Stream from_client;
    Stream from_server;
} Pair;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void write_all(int descriptor, const unsigned char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = send(descriptor, data, length, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* the other side is gone: reading from it says so */
        data += written;
        length -= (size_t)written;
    }
}

/* Takes one byte of a header; true when it is whole. */
static bool take_header(Stream *stream, unsigned char byte, FILE *log, unsigned number)
{
    size_t type_length = stream->is_starting ? 0 : 1;
    stream->header[stream->header_length++] = byte;
    if (stream->header_length < type_length + 4)
        return false;

    uint32_t length;
    memcpy(&length, stream->header + type_length, sizeof(length));
    stream->left = ntohl(length) - 4;
    if (stream->is_starting)
        fprintf(log, "%u %c startup %u\n", number, stream->side, stream->left);
    else
        fprintf(log, "%u %c %c %u\n", number, stream->side, stream->header[0], stream->left);

    stream->is_starting = false;
    stream->header_length = 0;
    return true;
}

static void note(Stream *stream, const unsigned char *data, size_t length, FILE *log, unsigned number)
{
    for (size_t i = 0; i < length;) {
        if (stream->left > 0) {
            size_t step = length - i < stream->left ? length - i : stream->left;
            stream->left -= (uint32_t)step;
            i += step;
            continue;
        }
        take_header(stream, data[i++], log, number);
    }
    fflush(log);
}

/* False when the connection is over. */
static bool forward(int from, int to, Stream *stream, FILE *log, unsigned number)
{
    static unsigned char buffer[BUFFER_SIZE];
    ssize_t got = recv(from, buffer, sizeof(buffer), 0);
    if (got <= 0)
        return got < 0 && errno == EINTR;

    note(stream, buffer, (size_t)got, log, number);
    write_all(to, buffer, (size_t)got);
    return true;
}

static int connect_to_socket(const char *folder, const char *port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.%s", folder, port);
    int target = socket(AF_UNIX, SOCK_STREAM, 0);
    if (target < 0 || connect(target, (struct sockaddr *)&address, sizeof(address)) != 0)
        die(address.sun_path);

    return target;
}

static int connect_to_target(const char *host, const char *port)
{
    if (host[0] == '/')
        return connect_to_socket(host, port);

    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        die(host);

    int target = socket(found->ai_family, SOCK_STREAM, 0);
    if (target < 0 || connect(target, found->ai_addr, found->ai_addrlen) != 0)
        die(host);

    freeaddrinfo(found);
    return target;
}

static int listen_on(const char *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, CONNECTION_LIMIT) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        die("listen");

    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void accept_pair(Pair *pairs, int listener, const char *host, const char *port)
{
    static unsigned number;
    int client = accept(listener, NULL, NULL);
    int on = 1;
    if (client < 0)
        return;

    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    for (size_t i = 0; i < CONNECTION_LIMIT; i++) {
        if (pairs[i].client >= 0)
            continue;

        pairs[i] = (Pair){
            .client = client,
            .server = connect_to_target(host, port),
            .number = ++number,
            .from_client = {.side = 'F', .is_starting = true},
            .from_server = {.side = 'B'},
        };
        return;
    }
    close(client);
}

static volatile sig_atomic_t is_first_deaf;

static void deafen(int signal_number)
{
    (void)signal_number;
    is_first_deaf = 1;
}

static void serve_pair(Pair *pair, const struct pollfd *polled, FILE *log)
{
    bool open = true;
    if (polled[0].revents != 0)
        open = forward(pair->client, pair->server, &pair->from_client, log, pair->number);
    if (open && polled[1].revents != 0)
        open = forward(pair->server, pair->client, &pair->from_server, log, pair->number);
    if (open)
        return;

    close(pair->client);
    close(pair->server);
    pair->client = pair->server = -1;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: wire-proxy LISTEN_PORT TARGET_HOST TARGET_PORT LOGFILE\n");
        return 2;
    }
    FILE *log = fopen(argv[4], "we");
    if (log == NULL)
        die(argv[4]);

    signal(SIGUSR1, deafen);
    static Pair pairs[CONNECTION_LIMIT];
    for (size_t i = 0; i < CONNECTION_LIMIT; i++)
        pairs[i].client = pairs[i].server = -1;

    int listener = listen_on(argv[1]);
    for (;;) {
        struct pollfd polled[1 + 2 * CONNECTION_LIMIT] = {{.fd = listener, .events = POLLIN}};
        for (size_t i = 0; i < CONNECTION_LIMIT; i++) {
            polled[1 + 2 * i] = (struct pollfd){.fd = pairs[i].client, .events = POLLIN};
            bool is_heard = pairs[i].number != 1 || !is_first_deaf;
            polled[2 + 2 * i] = (struct pollfd){.fd = is_heard ? pairs[i].server : -1, .events = POLLIN};
        }
        if (poll(polled, 1 + 2 * CONNECTION_LIMIT, -1) < 0) {
            if (errno != EINTR)
                die("poll");
            continue;
        }

        for (size_t i = 0; i < CONNECTION_LIMIT; i++)
            if (pairs[i].client >= 0)
                serve_pair(&pairs[i], &polled[1 + 2 * i], log);
        if (polled[0].revents != 0)
            accept_pair(pairs, listener, argv[2], argv[3]);
    }
}
