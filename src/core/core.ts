/**
 * The core: the verbs of every surface and the CLI, one a file. Nothing knows HTTP or SQL here.
 */
import type { DeliveryStore } from '../ports/delivery.ts'
import type { CoreDependencies } from './dependencies.ts'
import { authenticateClient, isClientSecret } from './authenticate-client.ts'
import { addClient } from './add-client.ts'
import { addGuard } from './add-guard.ts'
import { addSubject } from './add-subject.ts'
import { authenticateSubject } from './authenticate-subject.ts'
import { awaitEnded } from './await-ended.ts'
import { issueCode, redeemCode } from './authorization-code.ts'
import { changeClient } from './change-client.ts'
import { changeSubject } from './change-subject.ts'
import { check } from './check.ts'
import { cutLog } from './cut-log.ts'
import { clientVerbs, findNames, subjectVerbs, type Clients, type Subjects } from './directory.ts'
import { handleVerbs, type Handles } from './handles.ts'
import { lockoutVerbs, type Lockout } from './lockout.ts'
import { checkOtp, sendOtp } from './one-time-password.ts'
import { authenticateGuard } from './guard-credential.ts'
import { keyVerbs, type Keys } from './keys.ts'
import { hashPassword } from './password.ts'
import { proofVerbs, type Proofs } from './proofs.ts'
import { recordVerbs, type Records } from './records.ts'
import { revocationVerbs, type Revocations } from './revocations.ts'
import { signIntrospection } from './sign-introspection.ts'
import { signReceipt } from './sign-receipt.ts'
import { sessionVerbs, type Sessions } from './sessions.ts'
import { deliver } from './deliver.ts'
import { deviceVerbs, type DeviceVerbs } from './device-code.ts'
import { findCut } from './find-cut.ts'
import { findIssuer } from './find-issuer.ts'
import { readIdToken, signIdToken, signLogoutToken } from './id-token.ts'
import { countForeignSessions, listForeignSessions } from './foreign-sessions.ts'
import { inspect } from './inspect.ts'
import { inspectForLogout } from './inspect-for-logout.ts'
import { isKnownAddress, rememberAddress } from './known-address.ts'
import { joinByCode } from './join-by-code.ts'
import { joinSession } from './join-session.ts'
import { mint } from './mint.ts'
import { openSession } from './open-session.ts'
import { operatorCore, type OperatorCore } from './operator-core.ts'
import { recognize } from './recognize.ts'
import { recognizeAny } from './recognize-any.ts'
import { passkeyVerbs, type Passkeys } from './passkeys.ts'
import { planDeliveries } from './plan-deliveries.ts'
import { refresh } from './refresh.ts'
import { findClient, listClients, listGuards } from './list-clients.ts'
import { removeGuard } from './remove-guard.ts'
import { removeKey } from './remove-key.ts'
import { retryDelivery } from './retry-delivery.ts'
import { revoke } from './revoke.ts'
import { revokeForeign } from './revoke-foreign.ts'
import { revokeRefreshToken } from './revoke-refresh-token.ts'
import { revokeToken } from './revoke-token.ts'

type Verb<V> = V extends (dependencies: CoreDependencies, ...args: infer A) => infer R
  ? (...args: A) => R
  : never

export interface Core extends OperatorCore {
  readonly subjects: Subjects
  readonly clients: Clients
  readonly sessions: Sessions
  readonly revocations: Revocations
  readonly keys: Keys
  readonly records: Records
  readonly proofs: Proofs
  readonly handles: Handles
  readonly devices: DeviceVerbs
  readonly lockout: Lockout
  readonly passkeys: Passkeys
  readonly findNames: Verb<typeof findNames>
  readonly addSubject: Verb<typeof addSubject>
  readonly changeSubject: Verb<typeof changeSubject>
  readonly addClient: Verb<typeof addClient>
  readonly changeClient: Verb<typeof changeClient>
  readonly addGuard: Verb<typeof addGuard>
  readonly removeGuard: Verb<typeof removeGuard>
  readonly listClients: Verb<typeof listClients>
  readonly listGuards: Verb<typeof listGuards>
  readonly findClient: Verb<typeof findClient>
  readonly authenticateSubject: Verb<typeof authenticateSubject>
  readonly authenticateClient: Verb<typeof authenticateClient>
  readonly isClientSecret: Verb<typeof isClientSecret>
  readonly authenticateGuard: Verb<typeof authenticateGuard>
  readonly hashSecret: (secret: string) => Promise<string>
  readonly openSession: Verb<typeof openSession>
  readonly joinSession: Verb<typeof joinSession>
  readonly joinByCode: Verb<typeof joinByCode>
  readonly issueCode: Verb<typeof issueCode>
  readonly redeemCode: Verb<typeof redeemCode>
  readonly mint: Verb<typeof mint>
  /** Judges a token without refusing: see `TokenVerifier.verify`. */
  readonly verify: CoreDependencies['verifier']['verify']
  readonly inspect: Verb<typeof inspect>
  readonly check: Verb<typeof check>
  readonly inspectForLogout: Verb<typeof inspectForLogout>
  readonly recognize: Verb<typeof recognize>
  readonly recognizeAny: Verb<typeof recognizeAny>
  readonly findIssuer: Verb<typeof findIssuer>
  readonly countForeignSessions: Verb<typeof countForeignSessions>
  readonly listForeignSessions: Verb<typeof listForeignSessions>
  readonly refresh: Verb<typeof refresh>
  readonly revoke: Verb<typeof revoke>
  readonly revokeForeign: Verb<typeof revokeForeign>
  readonly revokeToken: Verb<typeof revokeToken>
  readonly revokeRefreshToken: Verb<typeof revokeRefreshToken>
  readonly awaitEnded: Verb<typeof awaitEnded>
  readonly signIntrospection: Verb<typeof signIntrospection>
  readonly signLogoutToken: Verb<typeof signLogoutToken>
  readonly signIdToken: Verb<typeof signIdToken>
  readonly readIdToken: Verb<typeof readIdToken>
  readonly signReceipt: Verb<typeof signReceipt>
  readonly removeKey: Verb<typeof removeKey>
  readonly cutLog: Verb<typeof cutLog>
  findCut(revocationId: string): ReturnType<typeof findCut>
  readonly planDeliveries: Verb<typeof planDeliveries>
  readonly deliver: Verb<typeof deliver>
  readonly listDeliveries: DeliveryStore['listDeliveries']
  readonly retryDelivery: Verb<typeof retryDelivery>
  readonly sendOtp: Verb<typeof sendOtp>
  readonly checkOtp: Verb<typeof checkOtp>
  readonly isKnownAddress: Verb<typeof isKnownAddress>
  readonly rememberAddress: Verb<typeof rememberAddress>
}

export function createCore(dependencies: CoreDependencies): Core {
  return Object.freeze<Core>({
    subjects: subjectVerbs(dependencies),
    clients: clientVerbs(dependencies),
    sessions: sessionVerbs(dependencies),
    revocations: revocationVerbs(dependencies),
    keys: keyVerbs(dependencies),
    records: recordVerbs(dependencies),
    proofs: proofVerbs(dependencies),
    handles: handleVerbs(dependencies),
    devices: deviceVerbs(dependencies),
    lockout: lockoutVerbs(dependencies),
    ...operatorCore(dependencies),
    passkeys: passkeyVerbs(dependencies),
    hashSecret: (secret) => hashPassword(secret, dependencies.passwordCost),
    findNames: (...args) => findNames(dependencies, ...args),
    addSubject: (...args) => addSubject(dependencies, ...args),
    changeSubject: (...args) => changeSubject(dependencies, ...args),
    addClient: (...args) => addClient(dependencies, ...args),
    changeClient: (...args) => changeClient(dependencies, ...args),
    addGuard: (...args) => addGuard(dependencies, ...args),
    removeGuard: (...args) => removeGuard(dependencies, ...args),
    listClients: (...args) => listClients(dependencies, ...args),
    listGuards: (...args) => listGuards(dependencies, ...args),
    findClient: (...args) => findClient(dependencies, ...args),
    authenticateSubject: (...args) => authenticateSubject(dependencies, ...args),
    authenticateClient: (...args) => authenticateClient(dependencies, ...args),
    isClientSecret: (...args) => isClientSecret(dependencies, ...args),
    authenticateGuard: (...args) => authenticateGuard(dependencies, ...args),
    openSession: (...args) => openSession(dependencies, ...args),
    joinSession: (...args) => joinSession(dependencies, ...args),
    joinByCode: (...args) => joinByCode(dependencies, ...args),
    issueCode: (...args) => issueCode(dependencies, ...args),
    redeemCode: (...args) => redeemCode(dependencies, ...args),
    mint: (...args) => mint(dependencies, ...args),
    verify: (token, audience) => dependencies.verifier.verify(token, audience),
    inspect: (...args) => inspect(dependencies, ...args),
    check: (...args) => check(dependencies, ...args),
    inspectForLogout: (...args) => inspectForLogout(dependencies, ...args),
    recognize: (...args) => recognize(dependencies, ...args),
    recognizeAny: (...args) => recognizeAny(dependencies, ...args),
    findIssuer: (...args) => findIssuer(dependencies, ...args),
    countForeignSessions: (...args) => countForeignSessions(dependencies, ...args),
    listForeignSessions: (...args) => listForeignSessions(dependencies, ...args),
    refresh: (...args) => refresh(dependencies, ...args),
    revoke: (...args) => revoke(dependencies, ...args),
    revokeForeign: (...args) => revokeForeign(dependencies, ...args),
    revokeToken: (...args) => revokeToken(dependencies, ...args),
    revokeRefreshToken: (...args) => revokeRefreshToken(dependencies, ...args),
    awaitEnded: (...args) => awaitEnded(dependencies, ...args),
    signIntrospection: (...args) => signIntrospection(dependencies, ...args),
    signLogoutToken: (...args) => signLogoutToken(dependencies, ...args),
    signIdToken: (...args) => signIdToken(dependencies, ...args),
    readIdToken: (...args) => readIdToken(dependencies, ...args),
    signReceipt: (...args) => signReceipt(dependencies, ...args),
    removeKey: (...args) => removeKey(dependencies, ...args),
    cutLog: (...args) => cutLog(dependencies, ...args),
    findCut: (revocationId) => findCut(dependencies.store, revocationId),
    planDeliveries: (...args) => planDeliveries(dependencies, ...args),
    deliver: (...args) => deliver(dependencies, ...args),
    listDeliveries: (filter, page) => dependencies.store.listDeliveries(filter, page),
    retryDelivery: (...args) => retryDelivery(dependencies, ...args),
    sendOtp: (...args) => sendOtp(dependencies, ...args),
    checkOtp: (...args) => checkOtp(dependencies, ...args),
    isKnownAddress: (...args) => isKnownAddress(dependencies, ...args),
    rememberAddress: (...args) => rememberAddress(dependencies, ...args),
  })
}
