import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ownErrors } from './errors.mjs';
import { sql } from './sql.mjs';

/* Importing scripts: TypeScript, and imports that do not resolve from the script's own folder. Those are taken from
 * @logto/cli, since Logto's image keeps no packages beside the scripts; and `dbalt`, or a slonik that is nowhere, is ours. */

const ownExports = { sql, ...ownErrors };
const ownUrl = `data:text/javascript,export const { ${Object.keys(ownExports)} } = globalThis[Symbol.for('dbalt')];`;
globalThis[Symbol.for('dbalt')] = ownExports;

const above = (folder) => (path.dirname(folder) === folder ? [folder] : [folder, ...above(path.dirname(folder))]);

const isLogtoCli = (folder) => {
    const manifest = path.join(folder, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === '@logto/cli';
};

/* Where @logto/cli is, seen from the scripts and from the working directory: installed, or beside `packages/schemas`. */
function findLogtoCli(scripts) {
    return [...above(scripts), ...above(process.cwd())]
        .flatMap((folder) => [path.join(folder, 'node_modules/@logto/cli'), path.join(folder, 'cli'), path.join(folder, 'packages/cli')])
        .filter(isLogtoCli)
        .map((folder) => realpathSync(folder));
}

/* The hooks. In Node 20 they run in a thread of their own, from their source alone: they close over nothing but `settings`. */
const hooks = (settings, { module, readFileSync, fileURLToPath }) => {
    const isTypeScript = (url) => /^file:.*\.m?ts(\?|$)/u.test(url);

    /* What to try, in turn, where Node found nothing. */
    const elsewhere = (specifier, context) => {
        if (isTypeScript(context.parentURL ?? '') && /^\.{0,2}\/.*\.js$/u.test(specifier))
            return [{ specifier: specifier.replace(/js$/u, 'ts'), parentURL: context.parentURL }];
        return /^([./#]|[a-z]+:)/u.test(specifier)
            ? []
            : settings.parents.map((parentURL) => ({ specifier, parentURL }));
    };
    const isOurs = (specifier) => ['dbalt', 'slonik', '@silverhand/slonik'].includes(specifier);
    const ours = { url: settings.ownUrl, format: 'module', shortCircuit: true };

    /* Stripping keeps every line where it was; enums and the like must be transformed, and a source map keeps their places. */
    const stripNatively = (source, sourceUrl) => {
        const { emitWarning } = process;
        process.emitWarning = () => {}; /* that it is experimental, once for each deploy */
        try {
            return module.stripTypeScriptTypes(source);
        } catch (error) {
            if (error.code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
                throw error;
            process.setSourceMapsEnabled(true);
            return module.stripTypeScriptTypes(source, { mode: 'transform', sourceMap: true, sourceUrl });
        } finally {
            process.emitWarning = emitWarning;
        }
    };
    const stripTypes = (filename) => {
        const source = readFileSync(filename, 'utf8');
        if (typeof module.stripTypeScriptTypes === 'function')
            return stripNatively(source, filename);
        for (const parent of [filename, ...settings.parents.map((url) => fileURLToPath(url)), settings.workingFile]) {
            const { transform } = load(parent, 'sucrase');
            if (transform !== undefined)
                return transform(source, { transforms: ['typescript'], filePath: filename }).code;
        }
        throw new Error(`Node ${process.version} cannot read TypeScript: install Node 22.13 or newer, or the package "sucrase" beside the scripts`);
    };
    const load = (parent, name) => {
        try {
            return module.createRequire(parent)(name);
        } catch (error) {
            if (error.code === 'MODULE_NOT_FOUND')
                return {};
            throw error;
        }
    };

    return {
        resolve: async (specifier, context, next) => {
            try {
                return await next(specifier, context);
            } catch (error) {
                for (const { specifier: name, parentURL } of elsewhere(specifier, context))
                    try {
                        return await next(name, { ...context, parentURL });
                    } catch {}
                if (isOurs(specifier))
                    return ours;
                throw error;
            }
        },
        resolveSync: (specifier, context, next) => {
            try {
                return next(specifier, context);
            } catch (error) {
                for (const { specifier: name, parentURL } of elsewhere(specifier, context))
                    try {
                        return next(name, { ...context, parentURL });
                    } catch {}
                if (isOurs(specifier))
                    return ours;
                throw error;
            }
        },
        load: (url, context, next) =>
            isTypeScript(url)
                ? { format: 'module', source: stripTypes(fileURLToPath(url)), shortCircuit: true }
                : next(url, context),
    };
};

/* Hooks slow every import and every require down, those of Node 20 with a thread and a message for each: they wait for the first need. */
let isHooked = false;

const namingOurs = new Map(); /* by file */

const sourceOf = (file) => {
    try {
        return readSource(file);
    } catch {
        return ''; /* what cannot be read is told when it is imported */
    }
};

/* Whether a file, or one that it imports by a relative path, names what is ours. Node keeps it in mind when such a file failed without hooks. */
function namesOurs(file) {
    if (!namingOurs.has(file)) {
        namingOurs.set(file, false); /* for files that import each other */
        const names = [...sourceOf(file).matchAll(/\bfrom\s*['"](dbalt|\.\.?\/[^'"]+)['"]/gu)].map(([, name]) => name);
        namingOurs.set(file, names.some((name) => name === 'dbalt' || namesOurs(path.resolve(path.dirname(file), name))));
    }
    return namingOurs.get(file);
}

function installHooks(scripts) {
    isHooked = true;
    const settings = {
        parents: findLogtoCli(scripts).map((folder) => pathToFileURL(path.join(folder, 'package.json')).href),
        workingFile: path.join(process.cwd(), 'package.json'),
        ownUrl,
    };
    if (typeof module.registerHooks === 'function') {
        const { resolveSync, load } = hooks(settings, { module, readFileSync, fileURLToPath });
        module.registerHooks({ resolve: resolveSync, load });
        return;
    }
    const source = `import module from 'node:module';
        import { readFileSync } from 'node:fs';
        import { fileURLToPath } from 'node:url';
        const hooks = ${hooks};
        export const { resolve, load } = hooks(${JSON.stringify(settings)}, { module, readFileSync, fileURLToPath });`;
    module.register(`data:text/javascript,${encodeURIComponent(source)}`);
}

const lateNames = new Map(); /* Node keeps a failed import under its name: later ones need another */

/* The script's module. */
export async function importScript(script) {
    const { href } = pathToFileURL(script);
    replaceSlow(path.dirname(script));
    if (/\.m?js$/u.test(script))
        javascript.add(href);
    if (!isHooked && (script.endsWith('ts') || namesOurs(script)))
        installHooks(path.dirname(script));
    const wasHooked = isHooked; /* by the time it fails, an import ahead of its turn may have done it */
    try {
        return await import(lateNames.get(script) ?? href);
    } catch (error) {
        if (error?.code !== 'ERR_MODULE_NOT_FOUND' || wasHooked)
            throw error;
        if (!isHooked)
            installHooks(path.dirname(script));
        lateNames.set(script, `${href}?hooked`);
        return import(lateNames.get(script));
    }
}

/* ---- slonik, and what else takes long ---- */

/* Its `sql` comes with its database client, and takes as long to import as a hundred scripts. So a script that wants nothing but what
 * we have gets ours, where its slonik is the one that ours is tested to agree with, and Node has hooks without a thread. inquirer takes
 * as long again, and a script that asks nothing with it can do without. What a script's own path leads to need not be found out. */
const agreeing = '31.0.0-beta.2';
const javascript = new Set(); /* the URLs of scripts */
const wanted = new Map(); /* what importing files want of the slow ones, by URL */
const sloniks = new Map(); /* the real ones that others import, by folder */
let replacesIn; /* the URL of the scripts' folder; null = nowhere */

function replaceSlow(scripts) {
    if (replacesIn !== undefined)
        return;
    replacesIn = null;
    const manifest = findSlonik(scripts)?.replace(/(?<=@silverhand\/slonik\/).*/u, 'package.json');
    if (module.registerHooks === undefined || manifest === undefined || JSON.parse(readText(manifest)).version !== agreeing)
        return;

    const areModules = isModulePackage(scripts);
    replacesIn = pathToFileURL(scripts + path.sep).href;
    const isKnown = (url) => javascript.has(url) && url.startsWith(replacesIn) && (areModules || url.endsWith('.mjs'));
    module.registerHooks({
        resolve: (specifier, context, next) => {
            if (isKnown(specifier))
                return moduleAt(specifier);
            if (specifier === '@silverhand/slonik' && wants(context.parentURL).ours)
                return moduleAt(ownUrl);
            const found = findPlain(specifier, context) ?? next(specifier, context);
            notePlain(found);
            return specifier === 'inquirer' && wants(context.parentURL).prompts ? moduleAt(lateInquirer(found.url)) : found;
        },
        load: (url, context, next) =>
            isKnown(url) ? { format: 'module', source: wants(url).source, shortCircuit: true } : next(url, context),
    });
}

const moduleAt = (url) => ({ url, format: 'module', shortCircuit: true });

/* What the script's file holds. */
export const readSource = (script) => wants(pathToFileURL(script).href).source ?? readText(script);

/* Node passes over a byte order mark too. */
const readText = (file) => readFileSync(file, 'utf8').replace(/^\uFEFF/u, '');

/* Whether Node takes a .js of the folder for a module. */
function isModulePackage(folder) {
    const manifest = module.findPackageJSON(pathToFileURL(folder + path.sep));
    return manifest !== undefined && JSON.parse(readText(manifest)).type === 'module';
}

/* Node looks up the real path and the package.json of each of the hundreds of files of a package. But what it found of one .js that is a
 * module holds for all that are regular files of that folder. What is not as plain as that stays Node's, and all of it where somebody's
 * own hooks may want to be asked. */
const plain = new Set(); /* the URLs of such modules, and of their folders */
const folderOf = (url) => url.slice(0, url.lastIndexOf('/') + 1);

function notePlain({ url, format }) {
    if (!process.env.NODE_OPTIONS && format === 'module' && /^file:[^?#]*\.js$/u.test(url))
        plain.add(url).add(folderOf(url));
}

function findPlain(specifier, { parentURL, conditions }) {
    if (!/^\.\.?\/[\w./-]*\w\.js$/u.test(specifier) || !parentURL?.startsWith('file:') || !conditions.includes('import'))
        return undefined;
    const { href } = new URL(specifier, parentURL);
    const isPlain = plain.has(href) || (plain.has(folderOf(href)) && lstatSync(fileURLToPath(href), { throwIfNoEntry: false })?.isFile());
    return isPlain ? moduleAt(href) : undefined;
}

/* Whether a file is a script that needs no more of slonik than ours, and no more of inquirer than to ask; and its source. */
function wants(url) {
    if (replacesIn === null || url?.startsWith(replacesIn) !== true)
        return {};
    if (!wanted.has(url)) {
        const source = readText(fileURLToPath(url));
        wanted.set(url, { ours: isEnough(source), prompts: onlyPrompts(source), source });
    }
    return wanted.get(url);
}

/* Whether all that a source has of slonik is one plain import of what we have. */
function isEnough(source) {
    const [plain, ...others] = source.matchAll(/(?:^import \{([\w\s,]+)\} from ['"])?@silverhand\/slonik/gmu);
    return others.length === 0 && plain?.[1]?.split(',').every((name) => name.trim() in ownExports) === true;
}

/* Whether all that a source has of inquirer is one plain import, and questions. */
function onlyPrompts(source) {
    const others = source.replace(/^import inquirer from ['"]inquirer['"]/mu, '').replaceAll(/\binquirer\.prompt\(/gu, '');
    return !others.includes('inquirer');
}

/* Imports the one at the URL at the first question that it would ask. */
const lateInquirer = (url) => `data:text/javascript,${encodeURIComponent(`
    const isSkipped = (question) => question.when === false;
    export default {
        prompt: async (questions, answers) => [questions].flat().every(isSkipped)
            ? { ...answers }
            : (await import(${JSON.stringify(url)})).default.prompt(questions, answers),
    };`)}`;

/* The slonik that the script imports, so that its error classes are those that the script knows. */
export async function importSlonik(script) {
    const folder = path.dirname(script);
    if (wants(pathToFileURL(script).href).ours)
        return {};
    if (!sloniks.has(folder) && readSource(script).includes('@silverhand/slonik')) {
        const main = findSlonik(folder);
        sloniks.set(folder, main === undefined ? {} : await import(pathToFileURL(main).href));
    }
    return sloniks.get(folder) ?? {};
}

/* Its main module. */
function findSlonik(folder) {
    const findFrom = (parent) => {
        try {
            return module.createRequire(path.join(parent, 'package.json')).resolve('@silverhand/slonik');
        } catch {
            return undefined;
        }
    };
    return findFrom(folder) ?? findLogtoCli(folder).map(findFrom).find((main) => main !== undefined);
}
