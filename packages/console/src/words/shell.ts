/** What stands around every page, and in place of one, in both languages. */

const rolesEn = { viewer: 'Viewer', operator: 'Operator', admin: 'Admin' }
const rolesPt: typeof rolesEn = { viewer: 'Leitor', operator: 'Operador', admin: 'Administrador' }

/** The name of a role, also of one that this console does not know. */
function nameOf(roles: Readonly<Record<string, string>>, role: string): string {
  return roles[role] ?? role
}

export const shellEn = {
  nav: {
    overview: 'Overview',
    sessions: 'Sessions',
    end: 'End sessions',
    verifiers: 'Verifiers',
    deliveries: 'Deliveries',
    canary: 'Canary',
    clients: 'Clients',
    people: 'People',
    keys: 'Signing keys',
    issuers: 'Issuers',
    audit: 'Audit log',
    watch: 'Watch',
    act: 'Act',
    manage: 'Manage',
    main: 'Main',
    menu: 'Menu',
    skip: 'Skip to content',
  },
  shell: {
    search: 'Search or go to…',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    language: 'Language',
    signOut: 'Sign out',
    roles: rolesEn,
    live: {
      connecting: 'Connecting…',
      connected: 'Live',
      lost: 'Connection lost, trying again',
      refused: 'Not live',
    },
  },
  palette: {
    title: 'Command palette',
    hint: 'Type a page, a person, a session id…',
    person: (text: string) => `Sessions of person “${text}”`,
    people: (text: string) => `People called “${text}”`,
    client: (text: string) => `Sessions of client “${text}”`,
    device: (text: string) => `Sessions of device “${text}”`,
    address: (text: string) => `Sessions from address “${text}”`,
    session: (text: string) => `Open session ${text}`,
    endPerson: (text: string) => `End all sessions of “${text}”`,
    go: 'Go to',
    find: 'Find',
    do: 'Do',
  },
  states: {
    loading: 'Loading…',
    notSent: 'This device is offline: nothing was sent, and nothing has changed.',
    lost: 'No answer came: it is not known whether this was done. Doing it again is safe.',
    offlineTitle: 'No answer from the server',
    offline: 'What is shown may be out of date. It is asked again as soon as the network is back.',
    signedOutTitle: 'You are signed out',
    signedOut: 'Your session has ended. Nothing more is shown or done until you sign in again.',
    signIn: 'Sign in',
    forbiddenTitle: 'Not with your role',
    forbidden: (role: string | undefined) =>
      role === undefined
        ? 'Your role does not allow this.'
        : `This needs the role ${nameOf(rolesEn, role)}.`,
    notFoundTitle: 'Not found',
    notFound: 'There is nothing by this address. It may have been removed since.',
    refusedTitle: 'The server refused this',
    retry: 'Try again',
    needs: (role: string) => `Needs the role ${role}`,
  },
}

export const shellPt: typeof shellEn = {
  nav: {
    overview: 'Visão geral',
    sessions: 'Sessões',
    end: 'Encerrar sessões',
    verifiers: 'Verificadores',
    deliveries: 'Entregas',
    canary: 'Canário',
    clients: 'Clientes',
    people: 'Pessoas',
    keys: 'Chaves de assinatura',
    issuers: 'Emissores',
    audit: 'Auditoria',
    watch: 'Observar',
    act: 'Agir',
    manage: 'Gerir',
    main: 'Principal',
    menu: 'Menu',
    skip: 'Ir para o conteúdo',
  },
  shell: {
    search: 'Buscar ou ir para…',
    theme: 'Tema',
    themes: { system: 'Sistema', light: 'Claro', dark: 'Escuro' },
    language: 'Idioma',
    signOut: 'Sair',
    roles: rolesPt,
    live: {
      connecting: 'Conectando…',
      connected: 'Ao vivo',
      lost: 'Conexão perdida, tentando de novo',
      refused: 'Sem atualização ao vivo',
    },
  },
  palette: {
    title: 'Paleta de comandos',
    hint: 'Digite uma página, uma pessoa, uma sessão…',
    person: (text) => `Sessões da pessoa “${text}”`,
    people: (text) => `Pessoas com o nome “${text}”`,
    client: (text) => `Sessões do cliente “${text}”`,
    device: (text) => `Sessões do dispositivo “${text}”`,
    address: (text) => `Sessões do endereço “${text}”`,
    session: (text) => `Abrir a sessão ${text}`,
    endPerson: (text) => `Encerrar todas as sessões de “${text}”`,
    go: 'Ir',
    find: 'Buscar',
    do: 'Fazer',
  },
  states: {
    loading: 'Carregando…',
    notSent: 'Este dispositivo está sem rede: nada foi enviado, e nada mudou.',
    lost: 'Não veio resposta: não se sabe se foi feito. Repetir é seguro.',
    offlineTitle: 'O servidor não responde',
    offline: 'O que se vê pode estar desatualizado. Nova tentativa assim que a rede voltar.',
    signedOutTitle: 'Você saiu',
    signedOut: 'Sua sessão terminou. Nada mais é mostrado ou feito até você entrar de novo.',
    signIn: 'Entrar',
    forbiddenTitle: 'Seu papel não permite',
    forbidden: (role) =>
      role === undefined
        ? 'Seu papel não permite isto.'
        : `Isto requer o papel ${nameOf(rolesPt, role)}.`,
    notFoundTitle: 'Não encontrado',
    notFound: 'Não há nada neste endereço. Pode ter sido removido.',
    refusedTitle: 'O servidor recusou',
    retry: 'Tentar de novo',
    needs: (role) => `Requer o papel ${role}`,
  },
}
