/* The errors that a script may catch. Names, constructors and messages are those of slonik, so that a script's own
 * `instanceof` and texts hold; when the script's slonik is the real package, its classes are used instead (adoptErrors). */

export class SlonikError extends Error {
    constructor(message = '') {
        super(message);
        Object.defineProperty(this, 'name', { configurable: true, value: this.constructor.name, writable: true });
    }
}
export class UnexpectedStateError extends SlonikError {}
export class InvalidInputError extends SlonikError {}
export class NotFoundError extends SlonikError {
    constructor() {
        super('Resource not found.');
    }
}
export class DataIntegrityError extends SlonikError {
    constructor() {
        super('Query returns an unexpected result.');
    }
}

class WrappedError extends SlonikError {
    constructor(originalError, message) {
        super(`${message} ${originalError.message}`);
        this.originalError = originalError;
    }
}
export class BackendTerminatedError extends WrappedError {
    constructor(error) {
        super(error, 'Backend has been terminated.');
    }
}
export class StatementCancelledError extends WrappedError {
    constructor(error, message = 'Statement has been cancelled.') {
        super(error, message);
    }
}
export class StatementTimeoutError extends StatementCancelledError {
    constructor(error) {
        super(error, 'Statement has been cancelled due to a statement_timeout.');
    }
}
export class TupleMovedToAnotherPartitionError extends WrappedError {
    constructor(error, message = 'Tuple moved to another partition due to concurrent update.') {
        super(error, message);
    }
}
export class IntegrityConstraintViolationError extends WrappedError {
    constructor(error, constraint, message = 'Query violates an integrity constraint.') {
        super(error, message);
        this.constraint = constraint;
    }
}
export class NotNullIntegrityConstraintViolationError extends IntegrityConstraintViolationError {
    constructor(error, constraint) {
        super(error, constraint, 'Query violates a not NULL integrity constraint.');
    }
}
export class ForeignKeyIntegrityConstraintViolationError extends IntegrityConstraintViolationError {
    constructor(error, constraint) {
        super(error, constraint, 'Query violates a foreign key integrity constraint.');
    }
}
export class UniqueIntegrityConstraintViolationError extends IntegrityConstraintViolationError {
    constructor(error, constraint) {
        super(error, constraint, 'Query violates a unique integrity constraint.');
    }
}
export class CheckIntegrityConstraintViolationError extends IntegrityConstraintViolationError {
    constructor(error, constraint) {
        super(error, constraint, 'Query violates a check integrity constraint.');
    }
}

/* What the database said, with the properties that pg gives it. */
export class DatabaseError extends Error {
    constructor({ type, id, message, ...properties }) {
        super(message);
        this.name = 'error';
        Object.assign(this, properties);
    }
}

export const ownErrors = {
    SlonikError, UnexpectedStateError, InvalidInputError, NotFoundError, DataIntegrityError, BackendTerminatedError,
    StatementCancelledError, StatementTimeoutError, TupleMovedToAnotherPartitionError, IntegrityConstraintViolationError,
    NotNullIntegrityConstraintViolationError, ForeignKeyIntegrityConstraintViolationError,
    UniqueIntegrityConstraintViolationError, CheckIntegrityConstraintViolationError, DatabaseError,
};

/* The classes in use: a script compares with those of the slonik that it imported itself. */
export const errors = { ...ownErrors };

export function adoptErrors(slonik) {
    for (const name of Object.keys(ownErrors))
        errors[name] = typeof slonik[name] === 'function' ? slonik[name] : ownErrors[name];
}

const classesByCode = {
    '57P01': 'BackendTerminatedError',
    '23502': 'NotNullIntegrityConstraintViolationError',
    '23503': 'ForeignKeyIntegrityConstraintViolationError',
    '23505': 'UniqueIntegrityConstraintViolationError',
    '23514': 'CheckIntegrityConstraintViolationError',
};

/* The error that slonik throws for what the database said. */
export function errorOf(failure) {
    const error = new DatabaseError(failure);
    if (error.message === 'Connection terminated')
        return new errors.BackendTerminatedError(error);
    if (error.code === '22P02')
        return Object.assign(new errors.InvalidInputError(error.message), { originalError: error });
    if (error.code === '57014')
        return error.message.includes('canceling statement due to statement timeout')
            ? new errors.StatementTimeoutError(error)
            : new errors.StatementCancelledError(error);
    if (error.message === 'tuple to be locked was already moved to another partition due to concurrent update')
        return new errors.TupleMovedToAnotherPartitionError(error);
    const name = classesByCode[error.code];
    return name === undefined ? error : new errors[name](error, error.constraint);
}

/* Serialization failures and deadlocks: the transaction may be tried again. */
export function mayRetry(error) {
    return typeof error?.code === 'string' && error.code.startsWith('40');
}
