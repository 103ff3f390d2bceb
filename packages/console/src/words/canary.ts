/** What the canary page says, in both languages. */
import { plural } from './plural.ts'

export const canaryEn = {
  title: 'Canary',
  lead: 'For how long each path went on accepting a session after its logout.',
  path: 'Path',
  verdict: 'Last verdict',
  verdicts: {
    refused: 'Refused',
    late: 'Too late',
    never_refused: 'Never refused',
    not_measured: 'Not measured',
  },
  alarms: {
    never_refused: 'Never refused a logged-out session:',
    late: 'Accepted a session after its logout was answered:',
    not_measured: 'Not measured:',
  },
  lastAccepted: 'Last accepted',
  exact: (time: string) => `exact to ${time}`,
  history: 'Over time',
  older: 'Older rounds',
  newest: 'Newest rounds',
  range: (from: string, to: string) => `Rounds from ${from} to ${to}`,
  plot: (name: string, rounds: number) =>
    `${name}: last accepted action against the answer of the logout, ${plural(rounds, 'round', 'rounds')}`,
  emptyTitle: 'No canary has reported in the last week',
  empty:
    'A canary logs a person of its own out and goes on using the token. Start one with your own address, with the admin token in OUTRIGHT_ADMIN_TOKEN:',
}

export const canaryPt: typeof canaryEn = {
  title: 'Canário',
  lead: 'Por quanto tempo cada caminho continuou aceitando uma sessão após o logout.',
  path: 'Caminho',
  verdict: 'Último veredito',
  verdicts: {
    refused: 'Recusou',
    late: 'Tarde demais',
    never_refused: 'Nunca recusou',
    not_measured: 'Não medido',
  },
  alarms: {
    never_refused: 'Nunca recusaram uma sessão encerrada:',
    late: 'Aceitaram uma sessão após a resposta do logout:',
    not_measured: 'Não medidos:',
  },
  lastAccepted: 'Última aceita',
  exact: (time) => `exato em ${time}`,
  history: 'Ao longo do tempo',
  older: 'Rodadas anteriores',
  newest: 'Rodadas recentes',
  range: (from, to) => `Rodadas de ${from} a ${to}`,
  plot: (name, rounds) =>
    `${name}: última ação aceita em relação à resposta do logout, ${plural(rounds, 'rodada', 'rodadas')}`,
  emptyTitle: 'Nenhum canário enviou relatórios na última semana',
  empty:
    'Um canário encerra a sessão de uma pessoa própria e continua usando o token. Inicie um com o seu endereço e com o token de administração em OUTRIGHT_ADMIN_TOKEN:',
}
