/**
 * Outright as a library: start a server from code, write its configuration with types, or add a
 * dialect. Guards are in `outright/guard`, the client of the admin API in `outright/client`, the
 * store port with its contract in `outright/store`.
 */
export { serve, type RunningServer, type ServeOptions } from './server/serve.ts'
export { ConfigError, loadConfig, type Config, type ConfigFile } from './server/config.ts'
export { Refusal, refuse, type Failure, type FailureKind } from './domain/failure.ts'
export { grantKey, scopes, type Scope } from './domain/scope.ts'
export { reasons, type Reason, type Revocation } from './domain/revocation.ts'
export type { Receipt } from './domain/receipt.ts'
export type { Core } from './core/core.ts'
export type { Answer, Dialect, DialectRequest, Method, Route } from './http/dialect.ts'
export type { DialectContext } from './http/context.ts'
export { defineDialect, type DialectModule } from './http/surface-module.ts'
/** The vocabulary in which a dialect writes down its options. */
export * as settings from './settings/schema.ts'
export { readAuthorization, type Authorization } from './http/authorization.ts'
export { readForm, readJson, requiredText, singleParameter } from './http/body.ts'
export { problemAnswer } from './http/problem.ts'
