/** What the pages of one person and of one client have in common. */
import type { ComponentChildren } from 'preact'
import { api } from '../lib/api.ts'
import { count } from '../lib/format.ts'
import { useLoad, type Loaded } from '../lib/load.ts'
import { address, navigate } from '../lib/router.ts'
import { useMay } from '../lib/me.ts'
import { useWords } from '../words/index.ts'
import { Action } from './action.tsx'
import { Attributes, Card, Facts, Head } from './parts.tsx'
import { Shown } from './states.tsx'

interface Kept {
  readonly id: string
  readonly name: string
  readonly status: 'active' | 'disabled'
  readonly attributes: Readonly<Record<string, unknown>>
}

interface RecordProperties<T extends Kept> {
  readonly id: string
  readonly of: Loaded<T>
  /** The scope that ends all of its sessions, which is a filter of sessions as well. */
  readonly scope: 'subject' | 'client'
  readonly kind: string
  readonly endLabel: string
  readonly setStatus: (
    status: Kept['status'],
  ) => Promise<{ readonly revoked: { readonly revocation: { readonly id: string } } | null }>
  readonly facts: (one: T) => readonly (readonly [string, ComponentChildren])[]
}

export function RecordPage<T extends Kept>(properties: RecordProperties<T>) {
  const { id, of, scope, kind, facts } = properties
  const { common } = useWords()
  const one = of.value
  return (
    <>
      <Head title={one?.name || id} lead={kind}>
        {one !== undefined && <Actions {...properties} status={one.status} />}
      </Head>
      {one === undefined ? (
        <Card>
          <Shown of={of}>{() => null}</Shown>
        </Card>
      ) : (
        <div class="columns">
          <Card title={common.details}>
            <div class="body">
              <Facts of={[...facts(one), [common.liveSessions, <Open scope={scope} id={id} />]]} />
            </div>
          </Card>
          {Object.keys(one.attributes).length > 0 && (
            <Card title={common.attributes}>
              <div class="body">
                <Attributes of={one.attributes} />
              </div>
            </Card>
          )}
        </div>
      )}
    </>
  )
}

function Actions<T extends Kept>({
  id,
  of,
  scope,
  endLabel,
  setStatus,
  status,
}: RecordProperties<T> & { readonly status: Kept['status'] }) {
  const { common } = useWords()
  const mayEnd = useMay('operator')
  const isActive = status === 'active'
  return (
    <div class="row">
      <span title={isActive ? common.disableNote : undefined}>
        <Action
          role="admin"
          label={isActive ? common.disable : common.enable}
          act={async () => {
            const { revoked } = await setStatus(isActive ? 'disabled' : 'active')
            if (revoked === null) of.reload()
            else navigate(address(['revocations', revoked.revocation.id]))
          }}
          onLost={of.reload}
        />
      </span>
      {mayEnd && (
        <a class="button danger" href={address(['end'], { scope, key: id })}>
          {endLabel}
        </a>
      )}
    </div>
  )
}

/** How many live sessions there are, and the way to them. */
function Open({ scope, id }: { readonly scope: 'subject' | 'client'; readonly id: string }) {
  const open = useLoad(
    () => api.countSessions({ [scope]: id, live: true }),
    ['open', scope, id],
    10_000,
  )
  return (
    <a href={address(['sessions'], { [scope]: id, live: 'true' })}>
      {open.value === undefined ? '…' : `${count(open.value.count)}${open.value.exact ? '' : '+'}`}
    </a>
  )
}
