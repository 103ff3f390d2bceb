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
export type { Answer, Surface, SurfaceRequest, Method, Route } from './http/surface.ts'
export type { SurfaceContext } from './http/context.ts'
export { defineDialect, type DialectModule } from './http/surface-module.ts'
export { defineReceiver, type ReceiverContext, type ReceiverModule } from './receivers/module.ts'
export type { Post } from './receivers/post.ts'
export type { Delivery } from './domain/delivery.ts'
export type { Session } from './domain/session.ts'
export type { EndedSession, Owed, Receiver, SendOutcome } from './ports/delivery.ts'
/** The vocabulary in which a dialect or a receiver writes down its options. */
export * as settings from './settings/schema.ts'
/** Routes that are declared once, and the words for what they take and give. */
export { routesWith, type Call, type DeclareRoute, type RouteForm } from './http/declared-route.ts'
export * as schema from './http/schema.ts'
export { readAuthorization, type Authorization } from './http/authorization.ts'
export { readForm, readJson, requiredText, singleParameter } from './http/body.ts'
export { problemAnswer } from './http/problem.ts'
