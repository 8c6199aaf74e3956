#!/usr/bin/env bats
# packaging/, as far as it needs neither Docker nor Kubernetes: what the containers are told does what Logto needs.

load helper

packaging=$BATS_TEST_DIRNAME/../../packaging

# part FILE KEY...: a list, or "name=value" of an environment, a line each
part() {
    /usr/bin/python3 - "$packaging/$1" "${@:2}" <<'PY'
import sys, yaml

part = list(yaml.safe_load_all(open(sys.argv[1], encoding="utf-8")))
for key in sys.argv[2:]:
    part = part[int(key)] if isinstance(part, list) else part[key]
if isinstance(part, dict):
    part = [f"{name}={value}" for name, value in part.items()]
for each in [part] if isinstance(part, str) else part:
    print(f"{each['name']}={each['value']}" if isinstance(each, dict) else each)
PY
}

# container URL WORDS ENVIRONMENT: as its image runs it, in Logto's folder, with nothing of the caller's but the database
container() {
    local words settings
    mapfile -t words <<<"$2"
    mapfile -t settings < <(grep -vE '^(DB_URL=|$)' <<<"$3")
    env --ignore-environment PATH="$PATH" "${settings[@]}" DB_URL="$1" timeout 100 "$DBALT" "${words[@]}" </dev/null 3>&-
}

@test "Docker Compose: seeding leaves a database alone, the alteration brings it to the release, and Logto waits for it" {
    local file=compose/compose.yaml words settings
    start database
    quietly ours "$database" rollback 1.42.0 --yes
    [ "$(part $file 0 services logto depends_on alteration condition)" = service_completed_successfully ]
    [ "$(part $file 0 services alteration depends_on seed condition)" = service_completed_successfully ]

    [ "$(part $file 0 services seed entrypoint | tail -n 1)" = 'npm run cli db seed -- --swe' ]
    data_of "$database" >"$BATS_TEST_TMPDIR/before"
    quietly env DB_URL="$database" node node_modules/@logto/cli/bin/logto.js db seed --swe
    diff "$BATS_TEST_TMPDIR/before" <(data_of "$database")

    words=$(part $file 0 services alteration command)
    settings=$(part $file 0 services alteration environment)
    grep -q '^DB_URL=' <<<"$settings"
    quietly container "$database" "$words" "$settings"
    has_nothing_to_do "$database"
    quietly container "$database" "$words" "$settings"
}

@test "Kubernetes: the gate waits for the job" {
    local file=kubernetes/logto.yaml job gate settings waiting
    start database
    quietly ours "$database" rollback 1.42.0 --yes
    gate=$(part $file 1 spec template spec initContainers 0 args)
    job=$(part $file 0 spec template spec containers 0 args)
    settings=$(part $file 0 spec template spec containers 0 env)
    [ "$(part $file 0 spec template spec containers 0 envFrom 0 secretRef name)" = "$(part $file 1 spec template spec initContainers 0 envFrom 0 secretRef name)" ]

    container "$database" "$gate" '' >"$BATS_TEST_TMPDIR/gate" 2>&1 &
    waiting=$!
    for ((i = 0; i < 300; i++)); do
        ! grep -q undeployed "$BATS_TEST_TMPDIR/gate" || break
        sleep 0.1
    done
    cat "$BATS_TEST_TMPDIR/gate"
    kill -0 "$waiting"
    quietly container "$database" "$job" "$settings"
    wait "$waiting"
    has_nothing_to_do "$database"
}

@test "the image builds with what builds here, and has the libraries that dbalt loads" {
    local file=$packaging/logto/Dockerfile setup=$BATS_TEST_DIRNAME/../../tools/setup library package
    for package in $(sed -n '/^build_packages=(/,/^)/p' "$setup" | grep -v '[()]'); do
        echo "to build: $package"
        sed -n '/ AS build$/,/^COPY/p' "$file" | grep -qw -- "$package"
    done
    for library in $(ldd "$DBALT" | grep -oE '/[^ ]+') "$(ldconfig -p | grep -oE '/[^ ]+libpq\.so\.5$' | head -n 1)"; do
        package=$(dpkg-query --search "$(realpath "$library")" | cut -d : -f 1)
        echo "to run: $library of $package"
        [[ $package =~ ^(libc6|libgcc-s1)$ ]] || sed -n '/-slim$/,/^COPY/p' "$file" | grep -qw -- "$package"
    done
    grep -qxF 'ENTRYPOINT ["dbalt"]' "$file"
}
