/* Makes the completion for a shell, "bash", "zsh" or "fish", from the tables of commands and options. */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/settings.h"

/* What fits behind an option, told by the name of its value. */
static bool is_file(const Option *option)
{
    return option->value != NULL && strcmp(option->value, "FILE") == 0;
}

static bool is_folder(const Option *option)
{
    return option->value != NULL && strcmp(option->value, "FOLDER") == 0;
}

static bool takes_word(const Option *option)
{
    return option->type != OPTION_FLAG && !options_value_is_optional(option);
}

static void print_choices(const char *choices)
{
    for (; *choices != '\0'; choices++)
        putchar(*choices == '|' ? ' ' : *choices);
}

/* In single quotes, with a backslash before each of the special characters. */
static void print_quoted(const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            printf("%s%c", strchr(special, *text) != NULL ? "\\" : "", *text);
    }
}

static void print_command_names(const char *separator)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        printf("%s%s", i == 0 ? "" : separator, commands[i]->name);
        if (commands[i]->alias != NULL)
            printf("%s%s", separator, commands[i]->alias);
    }
}

static void print_names(const Command *command, const char *separator)
{
    printf("%s", command->name);
    if (command->alias != NULL)
        printf("%s%s", separator, command->alias);
}

static void print_bash_option_names(const Option *table)
{
    for (const Option *option = table; option != NULL && option->name != NULL; option++)
        printf("--%s ", option->name);
}

/* Commands share options: those of an earlier one are done. */
static bool is_repeated(const Option *option, size_t command)
{
    for (size_t i = 0; i < command; i++) {
        if (options_find(commands[i]->options, text_of(option->name)) != NULL)
            return true;
    }

    return false;
}

static void print_bash_values(const Option *table, size_t command)
{
    for (const Option *option = table; option != NULL && option->name != NULL; option++) {
        if (!takes_word(option) || is_repeated(option, command))
            continue;

        printf("    --%s", option->name);
        if (option->letter != 0)
            printf(" | -%c", option->letter);
        fputs(") ", stdout);
        if (option->choices != NULL) {
            fputs("_dbalt_reply -W '", stdout);
            print_choices(option->choices);
            fputs("'; ", stdout);
        } else if (is_file(option) || is_folder(option)) {
            printf("compopt -o filenames; _dbalt_reply %s; ", is_folder(option) ? "-d" : "-f");
        }
        puts("return ;;");
    }
}

static void print_bash_arguments(const Command *command)
{
    static const char *const words[] = {
        [ARGUMENT_RELEASE] = "$(_dbalt_releases)",
        [ARGUMENT_TARGET] = "$(_dbalt_releases) latest next",
        [ARGUMENT_IDENTITY] = "$(_dbalt_identities)",
    };

    if (command->argument.kind == ARGUMENT_COMMAND) {
        printf("    %s) _dbalt_reply -W '", command->name);
        print_command_names(" ");
        puts("' ;;");
    } else if (command->argument.kind < COUNT(words) && words[command->argument.kind] != NULL) {
        fputs("    ", stdout);
        print_names(command, " | ");
        printf(") _dbalt_reply -W \"%s\" ;;\n", words[command->argument.kind]);
    }
}

/* What the shells ask the program itself: shell code that all three understand. */
static const char releases_pipe[] = "dbalt list 2>/dev/null | sed -n '/^next-/!s/^\\([^-]*\\)-.*/\\1/p' | tr _ - | sort -u";
static const char identities_pipe[] = "dbalt list 2>/dev/null | sed 's/^[^-]*-//; s/\\.[a-z]*$//'";

static void print_bash(void)
{
    printf("# Completion of dbalt for bash.\n\n_dbalt_releases() {\n    %s\n}\n\n", releases_pipe);
    printf("_dbalt_identities() {\n    %s\n}\n\n", identities_pipe);
    puts("_dbalt_reply() {\n    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$current\")\n}\n");
    puts("_dbalt() {");
    puts("    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' word");
    puts("    if [[ $current == = ]]; then\n        current=''\n    elif [[ $previous == = ]]; then");
    puts("        previous=${COMP_WORDS[COMP_CWORD - 2]}\n    fi\n");
    fputs("    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n        case $word in\n        ", stdout);
    print_command_names(" | ");
    puts(")\n            command=$word\n            break\n            ;;\n        esac\n    done\n");

    puts("    case $previous in");
    print_bash_values(settings_options, 0);
    for (size_t i = 0; commands[i] != NULL; i++)
        print_bash_values(commands[i]->options, i);
    fputs("    esac\n\n    if [[ $current == -* ]]; then\n        local options='", stdout);
    print_bash_option_names(settings_options);
    puts("'\n        case $command in");
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->options == NULL)
            continue;
        fputs("        ", stdout);
        print_names(commands[i], " | ");
        fputs(") options+='", stdout);
        print_bash_option_names(commands[i]->options);
        puts("' ;;");
    }
    puts("        esac\n        _dbalt_reply -W \"$options\"\n        return\n    fi\n");

    fputs("    case $command in\n    '') _dbalt_reply -W '", stdout);
    print_command_names(" ");
    puts("' ;;");
    for (size_t i = 0; commands[i] != NULL; i++)
        print_bash_arguments(commands[i]);
    puts("    esac\n}\n\ncomplete -F _dbalt dbalt");
}

static void print_zsh_options(const Option *table)
{
    for (const Option *option = table; option != NULL && option->name != NULL; option++) {
        const char *equals = takes_word(option) ? "=" : options_value_is_optional(option) ? "=-" : "";
        if (option->letter != 0)
            printf("        '(-%c --%s)'{-%c%s,--%s%s}'[", option->letter, option->name, option->letter, takes_word(option) ? "+" : "",
                   option->name, equals);
        else
            printf("        '--%s%s[", option->name, equals);
        print_quoted(option->help, "[]\\");
        putchar(']');
        if (option->value != NULL)
            printf("%s%s:", options_value_is_optional(option) ? "::" : ":", option->value);
        if (option->choices != NULL) {
            putchar('(');
            print_choices(option->choices);
            putchar(')');
        } else if (is_file(option) || is_folder(option)) {
            fputs(is_folder(option) ? "_files -/" : "_files", stdout);
        }
        puts("'");
    }
}

static void print_zsh_argument(const Command *command)
{
    static const char *const actions[] = {
        [ARGUMENT_FREE] = " ",
        [ARGUMENT_RELEASE] = "($(_dbalt_releases))",
        [ARGUMENT_TARGET] = "($(_dbalt_releases) latest next)",
        [ARGUMENT_IDENTITY] = "($(_dbalt_identities))",
        [ARGUMENT_COMMAND] = "_dbalt_commands",
    };
    const Argument *argument = &command->argument;

    if (argument->kind == ARGUMENT_NONE)
        return;
    printf("        \"%s:%s:%s\"\n",
           argument->is_repeated   ? "*"
           : argument->is_required ? "1"
                                   : "1:",
           argument->name, actions[argument->kind]);
}

static void print_zsh(void)
{
    printf("#compdef dbalt\n# Completion of dbalt for zsh.\n\n_dbalt_releases() {\n    %s\n}\n\n", releases_pipe);
    printf("_dbalt_identities() {\n    %s\n}\n\n", identities_pipe);
    puts("_dbalt_commands() {\n    local -a names=(");
    for (size_t i = 0; commands[i] != NULL; i++) {
        printf("        '%s:", commands[i]->name);
        print_quoted(commands[i]->summary, "");
        puts("'");
    }
    puts("    )\n    _describe command names\n}\n");

    puts("_dbalt() {\n    local curcontext=$curcontext state line\n    local -a all own\n    all=(");
    print_zsh_options(settings_options);
    puts("    )\n    _arguments -C $all '1:command:_dbalt_commands' '*::argument:->argument' && return\n");
    puts("    [[ $state == argument ]] || return 1\n    case $words[1] in");
    for (size_t i = 0; commands[i] != NULL; i++) {
        fputs("    ", stdout);
        print_names(commands[i], " | ");
        puts(") own=(");
        print_zsh_options(commands[i]->options);
        print_zsh_argument(commands[i]);
        puts("        ) ;;");
    }
    puts("    esac\n    _arguments $all $own\n}\n\n_dbalt \"$@\"");
}

static void print_fish_options(const Option *table, const Command *command)
{
    for (const Option *option = table; option != NULL && option->name != NULL; option++) {
        fputs("complete -c dbalt", stdout);
        if (command != NULL) {
            fputs(" -n '__fish_seen_subcommand_from ", stdout);
            print_names(command, " ");
            putchar('\'');
        }
        printf(" -l %s", option->name);
        if (option->letter != 0)
            printf(" -s %c", option->letter);
        if (takes_word(option))
            fputs(is_file(option) ? " -r -F" : is_folder(option) ? " -x -a '(__fish_complete_directories)'" : " -x", stdout);
        if (option->choices != NULL) {
            fputs(" -a '", stdout);
            print_choices(option->choices);
            putchar('\'');
        }
        fputs(" -d '", stdout);
        print_quoted(option->help, "");
        puts("'");
    }
}

static void print_fish_argument(const Command *command)
{
    static const char *const words[] = {
        [ARGUMENT_RELEASE] = "(__dbalt_releases)",
        [ARGUMENT_TARGET] = "(__dbalt_releases) latest next",
        [ARGUMENT_IDENTITY] = "(__dbalt_identities)",
    };

    if (command->argument.kind >= COUNT(words) || words[command->argument.kind] == NULL)
        return;
    fputs("complete -c dbalt -n '__fish_seen_subcommand_from ", stdout);
    print_names(command, " ");
    printf("' -a '%s'\n", words[command->argument.kind]);
}

static void print_fish(void)
{
    printf("# Completion of dbalt for fish.\n\nfunction __dbalt_releases\n    %s\nend\n\n", releases_pipe);
    printf("function __dbalt_identities\n    %s\nend\n\ncomplete -c dbalt -f\n", identities_pipe);

    for (size_t i = 0; commands[i] != NULL; i++) {
        fputs("complete -c dbalt -n 'not __fish_seen_subcommand_from ", stdout);
        print_command_names(" ");
        printf("' -a %s -d '", commands[i]->name);
        print_quoted(commands[i]->summary, "");
        puts("'");
    }

    print_fish_options(settings_options, NULL);
    for (size_t i = 0; commands[i] != NULL; i++) {
        print_fish_options(commands[i]->options, commands[i]);
        print_fish_argument(commands[i]);
    }
    fputs("complete -c dbalt -n '__fish_seen_subcommand_from help' -a '", stdout);
    print_command_names(" ");
    puts("'");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

    for (size_t i = 0; argc == 2 && i < COUNT(shells); i++) {
        if (strcmp(argv[1], shells[i].name) == 0) {
            shells[i].print();
            return fflush(stdout) != 0;
        }
    }

    fputs("usage: completion bash|zsh|fish\n", stderr);
    return 2;
}
