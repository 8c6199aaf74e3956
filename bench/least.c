/* The least that can be done to find that there is nothing to do: the floor under the figures of "idle".
 *
 * usage: least FOLDER URL
 *
 * Reads the names in the folder, and four columns of dbalt's history; opens, reads and closes each file, and hashes it in two halves, as
 * dbalt hashes "up" and "down". Nothing is kept, sorted or compared.
 */
#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS "SELECT identity, release, up_sha256, down_sha256 FROM "

#ifdef LEAST_POSTGRES
#include <libpq-fe.h>

static int read_history(const char *url)
{
    int count = 0;
    PGconn *connection = PQconnectdb(url);
    if (PQsendQuery(connection, COLUMNS "dbalt.alteration") != 1)
        return 0;
    PQsetSingleRowMode(connection);
    for (PGresult *result; (result = PQgetResult(connection)) != NULL; PQclear(result))
        count += PQntuples(result);
    PQfinish(connection);
    return count;
}
#else
#include <sqlite3.h>

static int read_history(const char *url)
{
    int count = 0;
    sqlite3 *database;
    sqlite3_stmt *statement;
    if (sqlite3_open(url + strlen("sqlite:"), &database) != SQLITE_OK ||
        sqlite3_prepare_v2(database, COLUMNS "dbalt_alteration", -1, &statement, NULL) != SQLITE_OK)
        return 0;
    for (; sqlite3_step(statement) == SQLITE_ROW; count++)
        for (int i = 0; i < 4; i++)
            sqlite3_column_text(statement, i);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return count;
}
#endif

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    DIR *folder = opendir(argv[1]);
    if (folder == NULL || read_history(argv[2]) == 0)
        return 2;

    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    static unsigned char bytes[1 << 20], hash[EVP_MAX_MD_SIZE];
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int file = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        ssize_t length = read(file, bytes, sizeof bytes);
        close(file);
        for (int half = 0; half < 2 && length > 0; half++) {
            EVP_DigestInit_ex2(digest, sha256, NULL);
            EVP_DigestUpdate(digest, bytes + half * (length / 2), (size_t)length / 2);
            EVP_DigestFinal_ex(digest, hash, NULL);
        }
    }
    EVP_MD_CTX_free(digest);
    EVP_MD_free(sha256);
    closedir(folder);
    return 0;
}
