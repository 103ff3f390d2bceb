/**
 * Stores: databases behind the port `ports/store.ts`. Each has a folder of its own with the same
 * file names, and each passes `contract.ts`, which is exported for the stores of others.
 */
export { openSqliteStore, type SqliteOptions, type SqliteStore } from './sqlite/store.ts'
export { restoreSqlite, type RestoreOutcome } from './sqlite/restore.ts'
export { storeChecks, storeContract, type Check, type StoreUnderTest } from './contract.ts'
