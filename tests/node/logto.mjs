/* Logto as the test set-up installs it: DBALT_TEST_LOGTO is a folder with node_modules/@logto/cli. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const installation = process.env.DBALT_TEST_LOGTO;

/* A package of that installation, as @silverhand/slonik gets it. */
export async function real(name) {
    const cli = createRequire(path.join(installation, 'package.json'));
    const slonik = createRequire(cli.resolve('@silverhand/slonik'));
    const file = name === '@silverhand/slonik' ? cli.resolve(name) : slonik.resolve(name);
    const module = await import(pathToFileURL(file).href);
    return { ...module.default, ...module };
}
