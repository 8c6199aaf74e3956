/* What goes to the database and what comes back, both in PostgreSQL's text format. */

/* slonik's normalisation, literals and function bodies included: an equal schema needs an equal text. */
export function normalise(text) {
    const uncommented = text.includes('--') ? text.replaceAll(/(.*?)--.*/gu, (_, kept) => kept) : text;
    return uncommented
        .replaceAll(/\/\*[\S\s]*?\*\//gmu, '')
        .replaceAll(/\s+/gu, ' ')
        .trim();
}

export function writeValue(value) {
    if (value === null || value === undefined)
        return null;
    if (Array.isArray(value))
        return `{${value.map(writeElement).join(',')}}`;
    if (ArrayBuffer.isView(value))
        return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function writeElement(value) {
    if (value === null || value === undefined)
        return 'NULL';
    if (Array.isArray(value))
        return writeValue(value);
    return `"${writeValue(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/* Reads `{a,"b c",{NULL}}`, with or without the bounds (`[2:3]=`) that PostgreSQL writes before it. */
export function readArray(text, readElement) {
    const pattern = /"((?:[^"\\]|\\.)*)"|([{},])|([^{},"]+)/gsu;
    const stack = [[]];
    for (const [, quotedText, mark, bare] of text.slice(text.indexOf('{')).matchAll(pattern)) {
        if (mark === '{')
            stack.push([]);
        else if (mark === '}')
            stack.at(-2).push(stack.pop());
        else if (quotedText !== undefined)
            stack.at(-1).push(readElement(quotedText.replaceAll(/\\(.)/gsu, '$1')));
        else if (bare !== undefined)
            stack.at(-1).push(bare === 'NULL' ? null : readElement(bare));
    }
    return stack[0][0];
}

/* Seconds, months and years counted from now as slonik does. */
export function readInterval(text) {
    const amount = (unit) => Number(new RegExp(`(-?\\d+) ${unit}`, 'u').exec(text)?.[1] ?? 0);
    const [, sign, hours, minutes, seconds] = /([+-]?)(\d+):(\d+):(\d+(?:\.\d+)?)/u.exec(text) ?? [];
    const time = hours === undefined ? 0 : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    const now = new Date();
    const then = new Date(now);
    then.setUTCFullYear(then.getUTCFullYear() + amount('year'));
    then.setUTCMonth(then.getUTCMonth() + amount('mon'));
    then.setUTCDate(then.getUTCDate() + amount('day'));
    return (then - now) / 1000 + (sign === '-' ? -time : time);
}

const readInteger = (text) => Number.parseInt(text, 10);
const readBytes = (text) => Buffer.from(text.slice(2), 'hex');

/* type: its OID, the OID of its array, and how it is read; all others stay text */
const types = [
    { oid: 16, array: 1000, read: (text) => text === 't' },
    { oid: 17, array: 1001, read: readBytes },
    { oid: 20, array: 1016, read: readInteger },
    { oid: 21, array: 1005, read: Number },
    { oid: 23, array: 1007, read: Number },
    { oid: 26, array: 1028, read: Number },
    { oid: 700, array: 1021, read: Number.parseFloat },
    { oid: 701, array: 1022, read: Number.parseFloat },
    { oid: 1700, array: 1231, read: Number.parseFloat },
    { oid: 114, array: 199, read: JSON.parse },
    { oid: 3802, array: 3807, read: JSON.parse },
    { oid: 1114, array: 1115, read: (text) => Date.parse(`${text} UTC`) },
    { oid: 1184, array: 1185, read: (text) => Date.parse(text) },
    { oid: 1186, array: 1187, read: readInterval },
    /* text: bpchar[], varchar[], text[], date[], time[], timetz[], uuid[], inet[], cidr[], macaddr[], money[], regproc[] */
    ...[1014, 1015, 1009, 1182, 1183, 1270, 2951, 1041, 651, 1040, 791, 1008].map((array) => ({ array, read: String })),
];

const readers = new Map();
for (const { oid, array, read } of types) {
    if (oid !== undefined)
        readers.set(oid, (text) => read(text));
    readers.set(array, (text) => readArray(text, (element) => read(element)));
}

export function readerOf(oid) {
    return readers.get(oid) ?? String;
}

/* `created_at` → `createdAt`; a name with other characters than a-z, 0-9 and _ is somebody's choice and stays. */
export function camelCase(name) {
    if (!/^[a-z0-9_]+$/u.test(name))
        return name;
    const text = name.replace(/^_+/u, '');
    return text
        .replaceAll(/\d+([\p{Alpha}\p{N}_]|$)/gu, (match, _, offset) => {
            return ['_', '-'].includes(text.charAt(offset + match.length)) ? match : match.toUpperCase();
        })
        .replaceAll(/_+([\p{Alpha}\p{N}_]|$)/gu, (_, letter) => letter.toUpperCase());
}

/* What the script gets for an answer; several statements in one query give neither rows nor a count. */
export function readResult({ command = null, rowCount = 0, fields = [], rows = [] }) {
    const columns = fields.map(({ name, type }) => ({ name: camelCase(name), read: readerOf(type) }));
    return {
        command,
        fields: fields.map(({ name, type }) => ({ dataTypeId: type, name })),
        notices: [],
        rowCount,
        rows: rows.map((row) => {
            const object = {};
            row.forEach((text, index) => {
                object[columns[index].name] = text === null ? null : columns[index].read(text);
            });
            return object;
        }),
    };
}
