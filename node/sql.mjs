import { InvalidInputError, UnexpectedStateError } from './errors.mjs';

/* The `sql` tag for scripts that have no slonik: the same tokens, the same texts. */

const isPrimitive = (value) => value === null || ['string', 'number', 'boolean'].includes(typeof value);
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;
const token = (type, properties) => ({ type: `SLONIK_TOKEN_${type}`, ...properties });

const isToken = (value) => {
    if (typeof value !== 'object' || value === null)
        return false;
    if (typeof value.type !== 'string')
        throw new UnexpectedStateError('Expected token to include "type" property.');
    return value.type in renderers;
};

const isPlainObject = (value) => {
    const prototype = Object.getPrototypeOf(value);
    return (prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null)
        && !(Symbol.toStringTag in value) && !(Symbol.iterator in value);
};

const jsonRenderer = (type) => ({ value }, position) => {
    if (value === undefined)
        throw new InvalidInputError('JSON payload must not be undefined.');
    const isJson = isPrimitive(value) || Array.isArray(value) || (typeof value === 'object' && isPlainObject(value));
    if (!isJson)
        throw new InvalidInputError('JSON payload must be a primitive value or a plain object.');
    return { sql: `$${position + 1}::${type}`, values: [JSON.stringify(value)] };
};

const requireDate = (date, what) => {
    if (!(date instanceof Date))
        throw new InvalidInputError(`${what} parameter value must be an instance of Date.`);
};

const renderSql = ({ sql: text, values }, position) => {
    const numbers = [...text.matchAll(/\$(\d+)/gu)].map((match) => Number(match[1]));
    if (Math.max(0, ...numbers) > values.length)
        throw new UnexpectedStateError('The greatest parameter position is greater than the number of parameter values.');
    if (numbers.length > 0 && Math.min(...numbers) !== 1)
        throw new UnexpectedStateError('Parameter position must start at 1.');
    return { sql: text.replaceAll(/\$(\d+)/gu, (_, number) => `$${Number(number) + position}`), values };
};

const renderArray = ({ memberType, values }, position) => {
    for (const value of values) {
        if (memberType === 'bytea' && !Buffer.isBuffer(value))
            throw new InvalidInputError('Invalid array member type. Non-buffer value bound to bytea type.');
        if (memberType !== 'bytea' && !isPrimitive(value))
            throw new InvalidInputError('Invalid array member type. Must be a primitive value expression.');
    }
    if (typeof memberType === 'string')
        return { sql: `$${position + 1}::${quoted(memberType)}[]`, values: [values] };
    if (!isToken(memberType) || memberType.type !== 'SLONIK_TOKEN_SQL')
        throw new InvalidInputError('Unsupported `memberType`. `memberType` must be a string or SqlToken of "SLONIK_TOKEN_SQL" type.');
    if (memberType.values.length > 0)
        throw new UnexpectedStateError('Type is not expected to have a value binding.');
    return { sql: `$${position + 1}::${memberType.sql}`, values: [values] };
};

const renderList = ({ members, glue }, position) => {
    if (members.length === 0)
        throw new InvalidInputError('Value list must have at least 1 member.');
    const values = [];
    const parts = members.map((member) => {
        if (isPrimitive(member))
            return `$${position + values.push(member)}`;
        if (!isToken(member))
            throw new InvalidInputError('Invalid list member type. Must be a SQL token or a primitive value expression.');
        const part = render(member, position + values.length);
        values.push(...part.values);
        return part.sql;
    });
    return { sql: parts.join(glue.sql), values };
};

/* A column type is a name, a qualified name as an array of names, or a fragment; each `[]` after it is one more dimension. */
const unnestType = (type) => {
    const text = Array.isArray(type) ? type.map(quoted).join('.') : typeof type === 'string' ? type : type.sql;
    const [, name, dimensions] = /^(.*?)((?:\s*\[\])*)\s*$/su.exec(text.trim());
    return (typeof type === 'string' ? quoted(name) : name) + '[]'.repeat(dimensions.split('[]').length);
};

const renderUnnest = ({ tuples, columnTypes }, position) => {
    const columns = columnTypes.map(() => []);
    for (const tuple of tuples) {
        if (tuple.length !== columnTypes.length)
            throw new Error('Column types length must match tuple member length.');
        tuple.forEach((value, index) => {
            if (!isPrimitive(value) && !Array.isArray(value) && !Buffer.isBuffer(value))
                throw new InvalidInputError('Invalid unnest tuple member type. Must be a primitive value expression.');
            columns[index].push(value);
        });
    }
    const types = columnTypes.map((type, index) => `$${position + index + 1}::${unnestType(type)}`);
    return { sql: `unnest(${types.join(', ')})`, values: columns };
};

const renderers = {
    SLONIK_TOKEN_SQL: renderSql,
    SLONIK_TOKEN_ARRAY: renderArray,
    SLONIK_TOKEN_LIST: renderList,
    SLONIK_TOKEN_UNNEST: renderUnnest,
    SLONIK_TOKEN_JSON: jsonRenderer('json'),
    SLONIK_TOKEN_JSON_BINARY: jsonRenderer('jsonb'),
    SLONIK_TOKEN_IDENTIFIER: ({ names }) => {
        if (names.some((name) => typeof name !== 'string'))
            throw new InvalidInputError('Identifier name array member type must be a string.');
        return { sql: names.map(quoted).join('.'), values: [] };
    },
    SLONIK_TOKEN_BINARY: ({ data }, position) => {
        if (!Buffer.isBuffer(data))
            throw new InvalidInputError('Binary value must be a buffer.');
        return { sql: `$${position + 1}`, values: [data] };
    },
    SLONIK_TOKEN_DATE: ({ date }, position) => {
        requireDate(date, 'Date');
        return { sql: `$${position + 1}::date`, values: [date.toISOString().slice(0, 10)] };
    },
    SLONIK_TOKEN_TIMESTAMP: ({ date }, position) => {
        requireDate(date, 'Timestamp');
        return { sql: `to_timestamp($${position + 1})`, values: [String(date.getTime() / 1000)] };
    },
};

const render = (part, position) => renderers[part.type](part, position);

export const sql = (texts, ...parts) => {
    let text = texts[0];
    const values = [];
    parts.forEach((part, index) => {
        if (part === undefined)
            throw new InvalidInputError('SQL tag cannot be bound an undefined value.');
        if (isPrimitive(part)) {
            text += `$${values.push(part)}`;
        } else if (isToken(part)) {
            const rendered = render(part, values.length);
            text += rendered.sql;
            values.push(...rendered.values);
        } else {
            throw new TypeError('Unexpected value expression.');
        }
        text += texts[index + 1];
    });
    return token('SQL', { sql: text, values });
};

const literal = (text) => {
    const escaped = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
    return text.includes('\\') ? `E${escaped}` : escaped;
};

Object.assign(sql, {
    array: (values, memberType) => token('ARRAY', { values, memberType }),
    binary: (data) => token('BINARY', { data }),
    date: (date) => token('DATE', { date }),
    fragment: (texts, ...parts) => sql(texts, ...parts),
    identifier: (names) => token('IDENTIFIER', { names }),
    join: (members, glue) => token('LIST', { members, glue }),
    json: (value) => token('JSON', { value }),
    jsonb: (value) => token('JSON_BINARY', { value }),
    literalValue: (text) => token('SQL', { sql: literal(text), values: [] }),
    raw: (text) => token('SQL', { sql: text, values: [] }),
    timestamp: (date) => token('TIMESTAMP', { date }),
    unnest: (tuples, columnTypes) => token('UNNEST', { tuples, columnTypes }),
});
