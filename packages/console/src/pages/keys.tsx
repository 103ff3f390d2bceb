/** What signs, and what still verifies. */
import { useState } from 'preact/hooks'
import { api } from '../lib/api.ts'
import { useLoad } from '../lib/load.ts'
import { useMay } from '../lib/me.ts'
import { address } from '../lib/router.ts'
import { Action } from '../ui/action.tsx'
import { Ago, Badge, Card, Head, Table } from '../ui/parts.tsx'
import { Shown } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'

export function KeysPage() {
  const { keys, common } = useWords()
  const found = useLoad(() => api.keys(), ['keys'], 10_000)
  const [rotated, setRotated] = useState('')
  const may = useMay('admin')
  return (
    <>
      <Head title={keys.title} lead={keys.lead}>
        <span title={keys.rotateText}>
          <Action
            role="admin"
            label={keys.rotate}
            act={async () => {
              setRotated((await api.rotateKeys()).kid)
              found.reload()
            }}
            onLost={found.reload}
          />
        </span>
      </Head>
      {rotated !== '' && (
        <p class="banner good" role="status">
          {keys.rotated(rotated)}
        </p>
      )}
      <Card>
        <Shown of={found}>
          {(rows) => (
            <Table
              label={keys.title}
              rows={rows}
              keyOf={({ kid }) => kid}
              columns={[
                { name: common.id, cell: ({ kid }) => <code>{kid}</code> },
                { name: keys.algorithm, cell: ({ algorithm }) => algorithm },
                { name: common.created, cell: ({ createdAt }) => <Ago at={createdAt} /> },
                {
                  name: keys.until,
                  cell: ({ removeAfter }) =>
                    removeAfter === null ? '–' : <Ago at={removeAfter} />,
                },
                {
                  name: common.state,
                  align: 'corner',
                  cell: ({ state }) => <Badge state={state} />,
                },
                {
                  name: common.end,
                  align: 'end',
                  cell: ({ kid, state }) =>
                    may && state !== 'removed' ? (
                      <a
                        class="button small quiet"
                        href={address(['end'], { scope: 'key', key: kid })}
                      >
                        {keys.remove}
                      </a>
                    ) : null,
                },
              ]}
            />
          )}
        </Shown>
      </Card>
    </>
  )
}
