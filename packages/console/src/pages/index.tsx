/** Which page an address means. */
import { usePlace } from '../lib/router.ts'
import { Card } from '../ui/parts.tsx'
import { TroubleState } from '../ui/states.tsx'
import { AuditPage } from './audit.tsx'
import { CanaryPage } from './canary.tsx'
import { ClientPage, ClientsPage } from './clients.tsx'
import { DeliveriesPage } from './deliveries.tsx'
import { EndPage } from './end.tsx'
import { IssuersPage } from './issuers.tsx'
import { KeysPage } from './keys.tsx'
import { OverviewPage } from './overview.tsx'
import { PeoplePage, PersonPage } from './people.tsx'
import { RevocationPage } from './revocation.tsx'
import { SessionPage } from './session.tsx'
import { SessionsPage } from './sessions.tsx'
import { VerifiersPage } from './verifiers.tsx'

const lists: Readonly<Record<string, () => preact.JSX.Element>> = {
  '': OverviewPage,
  sessions: SessionsPage,
  end: EndPage,
  verifiers: VerifiersPage,
  deliveries: DeliveriesPage,
  canary: CanaryPage,
  clients: ClientsPage,
  people: PeoplePage,
  keys: KeysPage,
  issuers: IssuersPage,
  audit: AuditPage,
}

const details: Readonly<Record<string, (id: string) => preact.JSX.Element>> = {
  sessions: (id) => <SessionPage key={id} sid={id} />,
  revocations: (id) => <RevocationPage key={id} id={id} />,
  clients: (id) => <ClientPage key={id} id={id} />,
  people: (id) => <PersonPage key={id} id={id} />,
}

export function Pages() {
  const { parts } = usePlace()
  const [area = '', id, ...rest] = parts
  const List = lists[area]
  const detail = details[area]
  if (rest.length === 0 && id === undefined && List !== undefined) return <List />
  if (rest.length === 0 && id !== undefined && detail !== undefined) return detail(id)
  return (
    <Card>
      <TroubleState trouble={{ kind: 'not-found' }} retry={() => undefined} />
    </Card>
  )
}
