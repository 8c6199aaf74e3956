"""A network of our own: a proxy in front of a server's socket that delays every byte, and counts round trips."""
import asyncio
import threading


class SlowNetwork:
    """Listens on 127.0.0.1 (self.port); what passes arrives half a round trip later, in either direction."""

    def __init__(self, socket, round_trip):
        self.socket = socket
        self.delay = round_trip / 2
        self.round_trips = 0
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        started.wait()

    def _run(self, started):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()

    async def _accept(self, client_reader, client_writer):
        # The handshake of TCP, which loopback does at once, costs a round trip as well.
        await asyncio.sleep(2 * self.delay)
        server_reader, server_writer = await asyncio.open_unix_connection(self.socket)
        turn = {"client": False}
        await asyncio.gather(
            self._pass(client_reader, server_writer, turn, True),
            self._pass(server_reader, client_writer, turn, False),
            return_exceptions=True,
        )

    async def _pass(self, reader, writer, turn, from_client):
        while True:
            data = await reader.read(1 << 20)
            # A round trip: the client speaks, and then the server.
            if not from_client and turn["client"]:
                self.round_trips += 1
            turn["client"] = from_client
            self.loop.call_later(self.delay, self._deliver, writer, data)
            if not data:
                return

    @staticmethod
    def _deliver(writer, data):
        if data:
            writer.write(data)
        else:
            writer.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
