/* json, ip, time and text: what they give, what is a reason, and what is an error. */
#include "helper.h"

#include "script/helpers.h"

static void test_json(void)
{
    CHECK_LUA("local v = json.parse('{\"a\":[1,null,\"x\"],\"n\":12345678901234567890}')"
              " return v.a[1], v.a[2], v.a[3], v.n",
        "1 null x 12345678901234567890");
    CHECK_LUA("return json.parse('null')", "null");
    CHECK_LUA("return json.parse('[1,')", "nil no JSON: byte 3: expected a value, not the end");
    CHECK_LUA("return (json.parse('{\"a\":1,\"a\":2}'))", "nil");
    CHECK_LUA("return (json.parse('\\xff'))", "nil");
    CHECK_LUA("return (json.parse(('['):rep(100) .. (']'):rep(100)))", "nil");
    CHECK_LUA("return json.text {b = 1, a = {true, null, 1.5}}", "{\"a\":[true,null,1.5],\"b\":1}");
    CHECK_LUA("return json.text(null), json.text('x')", "null \"x\"");
    CHECK_LUA("return json.text(json.parse('{\"z\":{},\"y\":[1e2]}'))", "{\"y\":[100],\"z\":{}}");
    CHECK_FAILS("return json.text {f = print_}", "undefined global");
    CHECK_FAILS("return json.text {f = json.text}", "value.f is a function");
    CHECK_FAILS("local t = {} t.t = t return json.text(t)", "contains itself");
    CHECK_FAILS("return json.text(('x'):rep(1024 * 1024))", "larger than 1024 KiB");
    CHECK_LUA("return json.parse(('x'):rep(1024 * 1024 + 1))", "nil no JSON: more than 1024 KiB");
    CHECK_FAILS("return json.parse {}", "json.parse needs a text, not a table");
    CHECK_FAILS("return json.text()", "value expected");
    CHECK_FAILS("json.parse = 1", "json is read-only");
    CHECK_FAILS("return json.decode", "json.decode does not exist");
}

static void test_ip(void)
{
    CHECK_LUA(
        "return ip.parse('::ffff:192.0.2.1'), ip.parse('2001:DB8:0::1')", "192.0.2.1 2001:db8::1");
    CHECK_LUA("return (ip.parse('0300.0.2.1')), (ip.parse('host')), (ip.parse('192.0.2.1\\0'))",
        "nil nil nil");
    CHECK_LUA("return ip.parse(nil)", "nil there is no address");
    CHECK_LUA("return type(select(2, ip.parse('host')))", "string");
    CHECK_LUA("return ip.version('192.0.2.1'), ip.version('::1')", "4 6");
    CHECK_LUA("return ip.is_in('192.0.2.7', '192.0.2.0/24'), ip.is_in('192.0.3.7', '192.0.2.0/24')",
        "true false");
    CHECK_LUA("return ip.is_in('2001:db8::5', {'192.0.2.0/24', '2001:db8::/32'}), "
              "ip.is_in('192.0.2.1', {})",
        "true false");
    CHECK_LUA("return ip.is_in('::ffff:192.0.2.7', '192.0.2.7')", "true");
    CHECK_LUA("return (ip.is_in('nothing', '192.0.2.0/24'))", "nil");
    CHECK_LUA("return ip.is_private('10.1.2.3'), ip.is_private('fe80::1'), "
              "ip.is_private('64:ff9b::a00:1'), ip.is_private('192.0.2.1')",
        "true true true false");
    CHECK_LUA("return ip.is_public('192.0.2.1'), ip.is_public('127.0.0.1'), "
              "ip.is_public('224.0.0.1'), ip.is_reserved('255.255.255.255')",
        "true false false true");
    CHECK_FAILS("ip.is_in('192.0.2.7', '192.0.2.1/24')", "ip.is_in:");
    CHECK_FAILS("ip.is_in('192.0.2.7')", "needs a network");
    CHECK_FAILS("ip.is_in('192.0.2.7', {1})", "a network is a text");
    CHECK_FAILS("ip.parse(5)", "ip.parse needs an address, not a number");
}

static void test_time(void)
{
    CHECK_LUA(
        "return time.parse('2026-11-22T01:23:45Z'), time.parse('2026-11-22T10:23:45.9+09:00')",
        "1795310625 1795310625");
    CHECK_LUA("return (time.parse('yesterday')), (time.parse('2026-02-30T00:00:00Z'))", "nil nil");
    CHECK_LUA("return time.text(1795310625), time.text(1795310625, '+09:00'), "
              "time.text(1795310625, '-03:30')",
        "2026-11-22T01:23:45Z 2026-11-22T10:23:45+09:00 2026-11-21T21:53:45-03:30");
    CHECK_LUA("return time.parse(time.text(1795310625, '-03:30'))", "1795310625");
    CHECK_LUA("local p = time.parts(1795310625, '-03:30') return p.year, p.month, p.day, p.hour, "
              "p.minute, p.second, p.weekday",
        "2026 11 21 21 53 45 sat");
    CHECK_LUA("return time.parts(0).weekday, time.parts(86400 * 4).weekday", "thu mon");
    CHECK_LUA("return time.duration('30m'), time.duration('1500ms'), time.duration('1w')",
        "1800 1.5 604800");
    CHECK_LUA("return (time.duration('30'))", "nil");
    CHECK_LUA("return time.span(0), time.span(59), time.span(3600), time.span(93784), "
              "time.span(90000.9), time.span(-61)",
        "0s 59s 1h 1d 2h 1d 1h -1m 1s");
    CHECK_LUA("return time.span(86400 + 60)", "1d");
    CHECK_FAILS("time.text(-1)", "not in the years 1970 to 9999");
    CHECK_FAILS("time.text(0, '-01:00')", "not in the years 1970 to 9999");
    CHECK_FAILS("time.text(0, 'Tokyo')", "a zone is written");
    CHECK_FAILS("time.text(0, '')", "a zone is written");
    CHECK_FAILS("time.text(1.5)", "no integer");
    CHECK_FAILS("time.span(0/0)", "more than a hundred years");
    CHECK_FAILS("time.parse(5)", "time.parse needs a text, not a number");
    CHECK_FAILS("time.duration(5)", "time.duration needs a text, not a number");
    CHECK_LUA("return (time.parse('2026-11-22T01:23:45Z\\0'))", "nil");
}

static void test_text(void)
{
    CHECK_LUA("return text.cut('abcdef', 6), text.cut('abcdef', 5), text.cut('ääää', 6)",
        "abcdef ab… ä…");
    CHECK_LUA("return text.strip('  a\\t b \\n'), #text.strip(' \\n'), "
              "text.strip('a\\u{202e}b\\u{200b}c\\27[1m')",
        "a\t b 0 abc[1m");
    CHECK_LUA("return table.concat(text.split('a,b,,c', ','), '|'), #text.split('', ','), "
              "table.concat(text.split('a--b', '--'), '|')",
        "a|b||c 1 a|b");
    CHECK_LUA("return text.defang('see https://evil.example/a.php?x=1.2 or mail a@b.example, "
              "192.0.2.1')",
        "see hxxps[:]//evil[.]example/a[.]php?x=1.2 or mail a@b[.]example, 192.0.2.1");
    CHECK_LUA(
        "return text.refang('hxxps[:]//evil[.]example hxxp://b(.)example a[at]c[dot]example')",
        "https://evil.example http://b.example a@c.example");
    CHECK_LUA("return text.refang(text.defang('http://a.example/b')), text.defang('')",
        "http://a.example/b ");
    CHECK_FAILS("text.cut('abc', 2)", "size must be from 3");
    CHECK_FAILS("text.strip('\\xff')", "not UTF-8");
    CHECK_FAILS("text.defang('a\\0b')", "not UTF-8");
    CHECK_FAILS("text.split('a', '')", "1 to 64 bytes");
    CHECK_FAILS("text.strip(5)", "needs a text, not a number");
    CHECK_FAILS("text.strip(('x'):rep(1024 * 1024 + 1))", "more than 1024 KiB");
    CHECK_FAILS("text.split((','):rep(10001), ',')", "more than 10000 pieces");
    CHECK_FAILS("local t = ('x'):rep(1024 * 1024) while true do text.defang(t) end", "in one go");
}

static void test_indicators(void)
{
    CHECK_LUA(
        "local i = text.indicators('From: <a.b@Mail.Example>, hxxps[:]//Evil[.]example/x?y=1 "
        "src=192.0.2.1, 198.51.100.7:443; (2001:DB8::1) see invoice.pdf and evil.example. "
        "md5 D41D8CD98F00B204E9800998ECF8427E end') "
        "return table.concat(i.ips, ' '), table.concat(i.urls, ' '), "
        "table.concat(i.domains, ' '), table.concat(i.mails, ' '), table.concat(i.hashes, ' ')",
        "192.0.2.1 198.51.100.7 2001:db8::1 https://Evil.example/x?y=1 mail.example evil.example "
        "a.b@mail.example d41d8cd98f00b204e9800998ecf8427e");
    CHECK_LUA("local i = text.indicators('http://192.0.2.1:8080/a http://u:p@x.example/ "
              "javascript:alert(1) file:///etc/passwd 1.2.3 v1.2.3.4.5 a@b -x.example x-.example') "
              "return table.concat(i.ips, ' '), table.concat(i.urls, ' '), "
              "table.concat(i.domains, ' '), #i.mails, #i.hashes",
        "192.0.2.1 http://192.0.2.1:8080/a http://u:p@x.example/ x.example 0 0");
    CHECK_LUA("local i = text.indicators('') return #i.ips, #i.urls", "0 0");
    CHECK_LUA("return #text.indicators(('a.example '):rep(2000)).domains", "1");
#ifndef __SANITIZE_ADDRESS__ /* many times slower: the run's time would be over */
    CHECK_LUA("local t = {} for i = 1, 12000 do t[i] = 'h' .. i .. '.example' end "
              "return #text.indicators(table.concat(t, ' ')).domains",
        "10000");
#endif
    CHECK_LUA("return #text.indicators('http://' .. ('a'):rep(5000)).urls", "0");
}

static CU_TestInfo tests[] = {
    {"json", test_json},
    {"ip", test_ip},
    {"time", test_time},
    {"text", test_text},
    {"indicators", test_indicators},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("helpers", tests)
