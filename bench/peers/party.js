// partyserver, on the same workerd: what its guide shows, with hibernation, addressed the shortest way it has.

import { Server } from 'partyserver';

export class Party extends Server {
  static options = { hibernate: true };

  async onRequest(request) {
    for (const record of (await request.text()).split('\n')) this.broadcast(record);
    return new Response('{}');
  }
}

export default {
  fetch(request, env) {
    const [, room] = new URL(request.url).pathname.split('/');
    return env.PARTY.getByName(room).fetch(request);
  },
};
