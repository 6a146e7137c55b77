Bun.serve({ fetch: () => new Response("ready") });
