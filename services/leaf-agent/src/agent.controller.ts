import { setTimeout as sleep } from 'node:timers/promises';
import { Valid, WsaException } from '@joinleaf/nest-kit';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Res,
  Sse,
  UseGuards,
  type MessageEvent,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { AccessGuard } from './access.guard.js';
import { bytesOf } from './agent-events.js';
import { acceptBody, idParam, joinBody, type AcceptBody, type JoinBody } from './bodies.js';
import { asking, refusedAs } from './client-errors.js';
import type { Endpoint } from './endpoint.js';
import { JsonGuard } from './json.guard.js';
import { LeafAgent } from './leaf-agent.js';

/** The HTTP API for programs on this machine. */
@Controller('v1')
@UseGuards(AccessGuard, JsonGuard)
export class AgentController {
  constructor(private readonly agent: LeafAgent) {}

  @Get('endpoints')
  endpoints() {
    return this.agent.listEndpoints().map(({ told }) => told);
  }

  @Get('endpoints/:name')
  endpoint(@Param('name', new Valid(idParam)) name: string) {
    return this.#endpoint(name).told;
  }

  @Sse('endpoints/:name/events')
  events(
    @Param('name', new Valid(idParam)) name: string,
    @Headers('last-event-id') lastId: string | undefined,
  ): Observable<MessageEvent> {
    const { feed } = this.#endpoint(name);
    return feed
      .from(lastId === undefined || lastId === '' ? null : lastId)
      .pipe(map(({ id, event }) => ({ id, type: event.type, data: event })));
  }

  @Post('endpoints/:name/memberships')
  async join(
    @Param('name', new Valid(idParam)) name: string,
    @Body(new Valid(joinBody)) body: JoinBody,
    @Res({ passthrough: true }) response: { status(code: number): void },
  ) {
    const endpoint = this.#endpoint(name);
    this.#refuseWhileClosing();
    const { session, callerData, flags, deadlineMs, port, waitMs } = body;
    const options = { flags, deadlineMs, port, callerData: bytesOf(callerData) };
    const membership = await asking(() => endpoint.join(session, options));
    if ('ok' in membership) throw refusedAs(membership);
    await Promise.race([membership.settled, sleep(waitMs)]);
    const { told } = membership;
    if (told.state === 'refused') {
      const { code, rule, message } = told.refusal;
      throw new WsaException({ code, rule }, message);
    }
    response.status(told.state === 'asking' ? 202 : 201); // 202: the outcome arrives as FD_CONNECT.
    return told;
  }

  @Get('memberships')
  memberships() {
    return this.agent.memberships.list().map(({ told }) => told);
  }

  @Get('memberships/:id')
  membership(@Param('id', new Valid(idParam)) id: string) {
    return this.#membership(id).told;
  }

  @Delete('memberships/:id')
  @HttpCode(204)
  async leave(@Param('id', new Valid(idParam)) id: string): Promise<void> {
    const membership = this.#membership(id);
    await asking(() => membership.leave());
  }

  @Get('invitations')
  invitations() {
    return this.agent.listEndpoints().flatMap((endpoint) => endpoint.invitations());
  }

  @Post('invitations/:id/accept')
  @HttpCode(201)
  async accept(
    @Param('id', new Valid(idParam)) id: string,
    @Body(new Valid(acceptBody)) body: AcceptBody,
  ) {
    const { endpoint, invitation } = this.#invitation(id);
    const accepted = await asking(() => endpoint.accept(invitation, bytesOf(body.calleeData)));
    if (!accepted.ok) throw refusedAs(accepted);
    return accepted.membership.told;
  }

  @Post('invitations/:id/reject')
  @HttpCode(204)
  async reject(@Param('id', new Valid(idParam)) id: string): Promise<void> {
    const { endpoint, invitation } = this.#invitation(id);
    const rejected = await asking(() => endpoint.reject(invitation));
    if (!rejected.ok) throw refusedAs(rejected);
  }

  @Post('invitations/:id/defer')
  @HttpCode(204)
  async defer(@Param('id', new Valid(idParam)) id: string): Promise<void> {
    const { invitation } = this.#invitation(id);
    const deferred = await asking(() => invitation.defer());
    if (!deferred.ok) throw refusedAs(deferred);
  }

  #endpoint(name: string): Endpoint {
    return this.agent.endpoint(name) ?? nothingHere('This node has no endpoint of that name.');
  }

  #membership(id: string) {
    return this.agent.membership(id) ?? nothingHere('There is no such membership here.');
  }

  #invitation(id: string) {
    return this.agent.invitation(id) ?? nothingHere('No such invitation waits here.');
  }

  #refuseWhileClosing(): void {
    if (!this.agent.isClosing) return;
    throw new WsaException({ code: 'WSAENETDOWN', rule: 'E2' }, 'The agent is ending.');
  }
}

function nothingHere(message: string): never {
  throw new WsaException({ code: 'WSAENOTSOCK', rule: 'E13' }, message);
}
