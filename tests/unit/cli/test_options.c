/* cli/options: reading a command line by the tables. */

#include "support/test.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/settings.h"

#define MOST_WORDS 12

/* Splits at blanks and parses. */
static bool parse(Invocation *invocation, Settings *settings, Arena *arena, const char *line, DbaltError *error)
{
    char *words[MOST_WORDS];
    int count = 0;
    char *copy = arena_copy_string(arena, line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;

    *settings = (Settings){0};
    return options_parse(invocation, settings, arena, count, words, error);
}

static void finds_the_command_behind_words_that_mean_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *line, *command, *argument;
    } cases[] = {
        {"deploy 1.0.0", "deploy", "1.0.0"},
        {"db deploy 1.0.0", "deploy", "1.0.0"},
        {"database deploy 1.0.0", "deploy", "1.0.0"},
        {"alteration deploy 1.0.0", "deploy", "1.0.0"},
        {"db alteration deploy 1.0.0", "deploy", "1.0.0"},
        {"db alt deploy 1.0.0", "deploy", "1.0.0"},
        {"database alter r 1.0.0", "rollback", "1.0.0"},
        {"--json db --quiet alter --dir x r 1.0.0", "rollback", "1.0.0"},
        {"new db", "new", "db"},
        {"new -- --strange", "new", "--strange"},
        {"--wait-lock 5 deploy 1.0.0", "deploy", "1.0.0"},
        {"--db-url deploy list", "list", NULL},
        {"check --wait 1.0.0", "check", "1.0.0"},
        {"deploy --backup 1.0.0", "deploy", "1.0.0"},
        {"deploy --backup=folder 1.0.0", "deploy", "1.0.0"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Invocation invocation;
        Settings settings;
        DbaltError error;
        assert_true(parse(&invocation, &settings, &arena, cases[i].line, &error));
        assert_string_equal(invocation.command->name, cases[i].command);
        assert_int_equal(invocation.argument_count, cases[i].argument == NULL ? 0 : 1);
        if (cases[i].argument != NULL)
            assert_string_equal(invocation.arguments[0], cases[i].argument);
    }
}

static void reads_values_in_every_form(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "list --env FILE", "list --env=FILE", "list -e FILE", "list -eFILE",
        "--env FILE list", "list -qe FILE",   "-qeFILE list", "list --env other --env FILE",
    };

    for (size_t i = 0; i < COUNT(lines); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Invocation invocation;
        Settings settings;
        DbaltError error;
        assert_true(parse(&invocation, &settings, &arena, lines[i], &error));
        assert_string_equal(settings.environment_file, "FILE");
    }
}

static void knows_the_synonyms_of_the_url(void **state)
{
    (void)state;
    static const char *const lines[] = {"list --db-url U", "list --db=U", "--database-url U list"};

    for (size_t i = 0; i < COUNT(lines); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Invocation invocation;
        Settings settings;
        DbaltError error;
        assert_true(parse(&invocation, &settings, &arena, lines[i], &error));
        assert_string_equal(settings.url, "U");
    }
}

static void reads_limits(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int lock_timeout, lock_retries;
    } cases[] = {
        {"deploy", 0, 0},
        {"deploy --lock-timeout 5", 5000, 0},
        {"deploy --lock-timeout 0.2 --lock-retries 3", 200, 3},
        {"rollback --lock-timeout=1.25 1.0.0", 1250, 0},
        {"rollback-to-timestamp --lock-timeout=0.001 1", 1, 0},
        {"deploy --lock-timeout 0 --lock-retries 0", -1, -1},
        {"deploy --lock-timeout 0.000", -1, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Invocation invocation;
        Settings settings;
        DbaltError error;
        assert_true(parse(&invocation, &settings, &arena, cases[i].line, &error));
        assert_int_equal(settings.lock_timeout.milliseconds, cases[i].lock_timeout);
        assert_int_equal(settings.lock_retries, cases[i].lock_retries);
    }
}

static void refuses_what_makes_no_sense(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message, *hint;
    } cases[] = {
        {"deplyo", "unknown command \"deplyo\"", "did you mean \"deploy\"?"},
        {"xyzzy", "unknown command \"xyzzy\"", "dbalt help"},
        {"deploy --out-of-oder", "unknown option \"--out-of-oder\"", "did you mean \"--out-of-order\"?"},
        {"--jsno list", "unknown option \"--jsno\"", "did you mean \"--json\"?"},
        {"list -z", "unknown option \"-z\"", "dbalt help list"},
        {"list --stored", "\"list\" has no option \"--stored\"", "dbalt help list"},
        {"list --env", "option \"--env\" needs a value", "--env=FILE"},
        {"list --env --json", "option \"--env\" needs a value", "--env=FILE"},
        {"list --json=yes", "option \"--json\" takes no value", "=yes"},
        {"deploy --wait-lock 0", "\"0\" is no value for --wait-lock", ""},
        {"deploy --wait-lock 1x", "\"1x\" is no value for --wait-lock", ""},
        {"deploy --wait-lock=-1", "\"-1\" is no value for --wait-lock", ""},
        {"deploy --wait-lock 99999999999", "\"99999999999\" is no value for --wait-lock", ""},
        {"check --wait=soon", "\"soon\" is no value for --wait", ""},
        {"deploy --lock-retries many", "\"many\" is no value for --lock-retries: it takes a whole number, or 0", ""},
        {"deploy --lock-retries 1.5", "\"1.5\" is no value for --lock-retries", ""},
        {"deploy --lock-timeout 1.2345", "\"1.2345\" is no value for --lock-timeout: it takes seconds, as in 1.5, or 0", ""},
        {"deploy --lock-timeout 1.", "\"1.\" is no value for --lock-timeout", ""},
        {"deploy --lock-timeout .5", "\".5\" is no value for --lock-timeout", ""},
        {"deploy --lock-timeout 5s", "\"5s\" is no value for --lock-timeout", ""},
        {"deploy --lock-timeout 2147484", "\"2147484\" is no value for --lock-timeout", ""},
        {"deploy --resume maybe", "\"maybe\" is no value for --resume: it takes retry|skip", ""},
        {"deploy --resume ret", "\"ret\" is no value for --resume", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Invocation invocation;
        Settings settings;
        DbaltError error;
        assert_false(parse(&invocation, &settings, &arena, cases[i].line, &error));
        assert_int_equal(error.code, DBALT_ERROR_USAGE);
        assert_non_null(strstr(error.message, cases[i].message));
        assert_non_null(strstr(error.hint, cases[i].hint));
    }
}

static void reads_flags_even_where_the_rest_is_wrong(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Invocation invocation;
    Settings settings;
    DbaltError error;

    assert_false(parse(&invocation, &settings, &arena, "deploy --nonsense --json -h", &error));
    assert_true(settings.json);
    assert_true(settings.help);
}

static void counts_the_arguments(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message; /* NULL = fine */
    } cases[] = {
        {"deploy", NULL},
        {"deploy a", NULL},
        {"deploy a b", "\"deploy\" does not know what to do with \"b\""},
        {"rollback", "missing RELEASE"},
        {"rollback-to-timestamp", "missing T"},
        {"repair", "missing IDENTITY"},
        {"repair a b c", NULL},
        {"list a", "\"list\" does not know what to do with \"a\""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Invocation invocation;
        Settings settings;
        DbaltError error = {0};
        assert_true(parse(&invocation, &settings, &arena, cases[i].line, &error));
        assert_int_equal(options_check_arguments(&invocation, &error), cases[i].message == NULL);
        assert_string_equal(error.message, cases[i].message == NULL ? "" : cases[i].message);
    }
}

/* Before the command is known, one table must tell for all whether a value follows. */
static void means_the_same_by_a_name_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        for (const Option *option = commands[i]->options; option != NULL && option->name != NULL; option++) {
            assert_null(options_find(settings_options, text_of(option->name)));
            for (size_t j = 0; commands[j] != NULL; j++) {
                const Option *other = options_find(commands[j]->options, text_of(option->name));
                if (other != NULL)
                    assert_int_equal(other->type, option->type);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_command_behind_words_that_mean_nothing),
        cmocka_unit_test(reads_values_in_every_form),
        cmocka_unit_test(knows_the_synonyms_of_the_url),
        cmocka_unit_test(reads_limits),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(reads_flags_even_where_the_rest_is_wrong),
        cmocka_unit_test(counts_the_arguments),
        cmocka_unit_test(means_the_same_by_a_name_everywhere),
    };
    return cmocka_run_group_tests_name("cli/options", tests, NULL, NULL);
}
