/** What others have to be told, how it went, and trying it again. */
import { deliveryStates, type WireDelivery } from 'outright/client'
import { api } from '../lib/api.ts'
import { moment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { useMay } from '../lib/me.ts'
import { address, usePlace } from '../lib/router.ts'
import { Action } from '../ui/action.tsx'
import { PagedList } from '../ui/list.tsx'
import { Ago, Attributes, Badge, Facts, Head } from '../ui/parts.tsx'
import { ChoiceFilter, Filters, TextFilter } from '../ui/query-filters.tsx'
import { State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'

export function DeliveriesPage() {
  const words = useWords()
  const { deliveries, common } = words
  const { query } = usePlace()
  const state = deliveryStates.find((one) => one === query.get('state'))
  const receiver = query.get('receiver') ?? undefined
  const filter = {
    ...(state === undefined ? {} : { state }),
    ...(receiver === undefined ? {} : { receiver }),
  }
  const cursor = query.get('cursor') ?? undefined
  const page = useLoad(
    () => api.deliveries(filter, { pageSize: 50 }).page(cursor),
    ['deliveries', filter, cursor],
    3000,
  )
  return (
    <>
      <Head title={deliveries.title} lead={deliveries.lead} />
      <Filters>
        <ChoiceFilter
          name="state"
          label={common.state}
          options={deliveryStates.map((one) => [one, common.states[one]])}
        />
        <TextFilter name="receiver" label={deliveries.receiver} />
      </Filters>
      <PagedList
        of={page}
        label={deliveries.title}
        keyOf={({ id }) => id}
        columns={[
          {
            name: deliveries.receiver,
            cell: ({ receiver: name, subject }) => (
              <>
                <strong class="cut">{name}</strong>
                <span class="two cut">{subject}</span>
              </>
            ),
          },
          { name: common.created, cell: ({ createdAt }) => <Ago at={createdAt} /> },
          { name: deliveries.attempts, cell: ({ attempts }) => attempts },
          { name: common.details, cell: (one) => <Details of={one} /> },
          { name: common.state, align: 'corner', cell: (one) => <Badge state={one.state} /> },
          {
            name: deliveries.retry,
            align: 'end',
            cell: (one) => <Retry of={one} onDone={page.reload} />,
          },
        ]}
        empty={<State icon="deliveries" title={deliveries.emptyTitle} text={deliveries.empty} />}
      />
    </>
  )
}

function Details({ of }: { readonly of: WireDelivery }) {
  const { deliveries } = useWords()
  return (
    <details>
      <summary class="cut">{of.lastError ?? deliveries.facts}</summary>
      <Facts
        of={[
          [deliveries.error, of.lastError],
          [deliveries.next, of.nextAttemptAt === null ? '' : moment(of.nextAttemptAt)],
          [deliveries.settled, of.settledAt === null ? '' : moment(of.settledAt)],
          [
            deliveries.revocation,
            <a key="revocation" href={address(['revocations', of.revocation])}>
              {of.revocation}
            </a>,
          ],
        ]}
      />
      <Attributes of={of.facts} />
    </details>
  )
}

function Retry({ of, onDone }: { readonly of: WireDelivery; readonly onDone: () => void }) {
  const { deliveries } = useWords()
  const may = useMay('operator')
  if (!may || (of.state !== 'dead' && of.state !== 'owed')) return null
  return (
    <Action
      role="operator"
      tone="small"
      label={deliveries.retry}
      act={async () => {
        await api.retryDelivery(of.id)
        onDone()
      }}
      onLost={onDone}
    />
  )
}
