/*
 * graph_draw: a graph for Graphviz, and as SVG.
 *
 * The layout of the SVG is simple. Nodes are numbered in the order of the text, so an edge to a
 * later node goes forward, and one to an earlier node goes back (a loop). A node's row is one below
 * the lowest of those that lead to it; in a row nodes stand side by side, in the order of the text.
 */
#include "author/graph.h"
#include "base/text.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHARACTER_WIDTH = 7,
    BOX_HEIGHT = 34,
    ROW_HEIGHT = 74,
    GAP = 28,
    MARGIN = 24,
    BOX_WIDTH_MIN = 70,
};

struct box {
    const struct hk_json *json;
    int64_t id;
    int row;
    int x; /* left */
    int width;
};

struct drawing {
    struct box *boxes;
    size_t count;
    int rows;
    int width;
    int height;
};

/* --- Graphviz --- */

static void dot_text(struct hk_buf *out, const char *text)
{
    hk_buf_append_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            hk_buf_append_char(out, '\\');
        hk_buf_append_char(out, (unsigned char)*text < 0x20 ? ' ' : *text);
    }
    hk_buf_append_char(out, '"');
}

/* The label, and how often it was asked for. */
static void whole_label(const struct hk_json *node, struct hk_buf *out)
{
    hk_buf_append_text(out, hk_json_string_at(node, "label", ""));
    if (hk_json_get(node, "asked") != NULL)
        hk_buf_appendf(out, " (%lld, %lld failed)", (long long)hk_json_i64_at(node, "asked", 0),
            (long long)hk_json_i64_at(node, "failed", 0));
}

static const char *shape_of(const char *kind)
{
    static const struct {
        const char *kind;
        const char *shape;
    } shapes[] = {{"decision", "diamond"}, {"loop", "hexagon"}, {"start", "ellipse"},
        {"return", "ellipse"}, {"end", "ellipse"}, {"error", "octagon"}, {"fork", "trapezium"},
        {"join", "invtrapezium"}, {"call", "component"}};

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i].kind, kind) == 0)
            return shapes[i].shape;
    }
    return "box";
}

static const struct hk_json *first_of(const struct hk_json *object, const char *key)
{
    const struct hk_json *list = hk_json_get(object, key);

    return list == NULL ? NULL : list->first;
}

static void dot_function(const struct hk_json *function, unsigned number, struct hk_buf *out)
{
    hk_buf_appendf(out, "  subgraph cluster_%u {\n    label=", number);
    dot_text(out, hk_json_string_at(function, "name", ""));
    hk_buf_append_text(out, ";\n");
    for (const struct hk_json *node = first_of(function, "nodes"); node != NULL;
         node = node->next) {
        struct hk_buf label;
        hk_buf_init(&label, 4096);
        whole_label(node, &label);
        hk_buf_appendf(out, "    n%lld [shape=%s, label=", (long long)hk_json_i64_at(node, "id", 0),
            shape_of(hk_json_string_at(node, "kind", "")));
        dot_text(out, label.data == NULL ? "" : label.data);
        hk_buf_appendf(
            out, ", tooltip=\"line %lld\"];\n", (long long)hk_json_i64_at(node, "line", 0));
        hk_buf_done(&label);
    }
    hk_buf_append_text(out, "  }\n");
    for (const struct hk_json *edge = first_of(function, "edges"); edge != NULL;
         edge = edge->next) {
        const char *label = hk_json_string_at(edge, "label", NULL);
        hk_buf_appendf(out, "  n%lld -> n%lld", (long long)hk_json_i64_at(edge, "from", 0),
            (long long)hk_json_i64_at(edge, "to", 0));
        if (label != NULL) {
            hk_buf_append_text(out, " [label=");
            dot_text(out, label);
            hk_buf_append_char(out, ']');
        }
        hk_buf_append_text(out, ";\n");
    }
}

void hk_graph_dot(const struct hk_json *graph, struct hk_buf *out)
{
    unsigned number = 0;

    hk_buf_append_text(out, "digraph ");
    dot_text(out, hk_json_string_at(graph, "playbook", ""));
    hk_buf_append_text(out, " {\n  node [fontname=\"sans-serif\"];\n");
    for (const struct hk_json *function = first_of(graph, "functions"); function != NULL;
         function = function->next)
        dot_function(function, number++, out);
    hk_buf_append_text(out, "}\n");
}

/* --- layout --- */

static struct box *find(const struct drawing *drawing, int64_t id)
{
    for (size_t i = 0; i < drawing->count; i++) {
        if (drawing->boxes[i].id == id)
            return &drawing->boxes[i];
    }
    return NULL;
}

static int characters(const char *text)
{
    int count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
    return count;
}

static int width_of(const struct hk_json *node)
{
    struct hk_buf label;
    int width;

    hk_buf_init(&label, 4096);
    whole_label(node, &label);
    width = characters(label.data == NULL ? "" : label.data) * CHARACTER_WIDTH + 24;
    hk_buf_done(&label);
    return width < BOX_WIDTH_MIN ? BOX_WIDTH_MIN : width;
}

/* Nodes come in the order of the text, and so do the edges that lead to a node from before it. */
static void set_rows(struct drawing *drawing, const struct hk_json *function)
{
    bool moved = true;

    for (size_t round = 0; moved && round < drawing->count; round++) {
        moved = false;
        for (const struct hk_json *edge = first_of(function, "edges"); edge != NULL;
             edge = edge->next) {
            struct box *from = find(drawing, hk_json_i64_at(edge, "from", -1));
            struct box *to = find(drawing, hk_json_i64_at(edge, "to", -1));
            if (from == NULL || to == NULL || from->id >= to->id || to->row > from->row)
                continue;
            to->row = from->row + 1;
            moved = true;
        }
    }
}

static void set_columns(struct drawing *drawing)
{
    for (size_t i = 0; i < drawing->count; i++) {
        struct box *box = &drawing->boxes[i];
        int x = MARGIN;
        for (size_t j = 0; j < i; j++) {
            if (drawing->boxes[j].row == box->row)
                x = drawing->boxes[j].x + drawing->boxes[j].width + GAP;
        }
        box->x = x;
        drawing->rows = box->row >= drawing->rows ? box->row + 1 : drawing->rows;
        drawing->width = x + box->width > drawing->width ? x + box->width : drawing->width;
    }
    drawing->width += MARGIN + 40; /* room for the edges that go back */
    drawing->height = drawing->rows * ROW_HEIGHT + 2 * MARGIN;
}

static bool lay_out(const struct hk_json *function, struct drawing *ret_drawing)
{
    const struct hk_json *nodes = hk_json_get(function, "nodes");

    memset(ret_drawing, 0, sizeof(*ret_drawing));
    ret_drawing->boxes = calloc((size_t)nodes->count + 1, sizeof(*ret_drawing->boxes));
    if (ret_drawing->boxes == NULL)
        return false;
    for (const struct hk_json *node = nodes->first; node != NULL; node = node->next)
        ret_drawing->boxes[ret_drawing->count++] = (struct box){
            .json = node, .id = hk_json_i64_at(node, "id", 0), .width = width_of(node)};
    set_rows(ret_drawing, function);
    set_columns(ret_drawing);
    return true;
}

/* --- SVG --- */

/* Text of an element; characters that XML 1.0 (2.2) has no place for are left out. */
static void xml_text(struct hk_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&')
            hk_buf_append_text(out, "&amp;");
        else if (c == '<')
            hk_buf_append_text(out, "&lt;");
        else if (c == '>')
            hk_buf_append_text(out, "&gt;");
        else if (c >= 0x20)
            hk_buf_append_char(out, (char)c);
    }
}

static void draw_box(const struct box *box, int top, struct hk_buf *out)
{
    const char *kind = hk_json_string_at(box->json, "kind", "");
    int y = top + box->row * ROW_HEIGHT;
    bool is_round =
        strcmp(kind, "start") == 0 || strcmp(kind, "end") == 0 || strcmp(kind, "return") == 0;
    const char *fill = strcmp(kind, "decision") == 0 || strcmp(kind, "loop") == 0 ? "#fff4d6"
                       : strcmp(kind, "step") == 0                                ? "#e3eefc"
                       : strcmp(kind, "error") == 0                               ? "#fbe0e0"
                                                                                  : "#f2f2f2";
    struct hk_buf label;

    hk_buf_init(&label, 4096);
    whole_label(box->json, &label);
    hk_buf_appendf(out,
        "<g><title>line %lld</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\" "
        "fill=\"%s\" stroke=\"#555\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
        (long long)hk_json_i64_at(box->json, "line", 0), box->x, y, box->width, BOX_HEIGHT,
        is_round ? BOX_HEIGHT / 2 : 4, fill, box->x + box->width / 2, y + BOX_HEIGHT / 2 + 4);
    xml_text(out, label.data == NULL ? "" : label.data);
    hk_buf_append_text(out, "</text></g>\n");
    hk_buf_done(&label);
}

static void draw_edge(
    const struct drawing *drawing, const struct hk_json *edge, int top, struct hk_buf *out)
{
    const struct box *from = find(drawing, hk_json_i64_at(edge, "from", -1));
    const struct box *to = find(drawing, hk_json_i64_at(edge, "to", -1));
    const char *label = hk_json_string_at(edge, "label", "");
    int x1;
    int y1;
    int x2;
    int y2;

    if (from == NULL || to == NULL)
        return;
    x1 = from->x + from->width / 2;
    y1 = top + from->row * ROW_HEIGHT + BOX_HEIGHT;
    x2 = to->x + to->width / 2;
    y2 = top + to->row * ROW_HEIGHT;
    if (to->row > from->row)
        hk_buf_appendf(out, "<path d=\"M%d %dC%d %d %d %d %d %d\" %s/>\n", x1, y1, x1, y1 + 20, x2,
            y2 - 20, x2, y2, "fill=\"none\" stroke=\"#555\" marker-end=\"url(#a)\"");
    else /* back, round the right side */
        hk_buf_appendf(out, "<path d=\"M%d %dC%d %d %d %d %d %d\" %s/>\n", from->x + from->width,
            y1 - BOX_HEIGHT / 2, from->x + from->width + 60, y1 - BOX_HEIGHT / 2,
            to->x + to->width + 60, y2 + BOX_HEIGHT / 2, to->x + to->width, y2 + BOX_HEIGHT / 2,
            "fill=\"none\" stroke=\"#999\" stroke-dasharray=\"4 3\" marker-end=\"url(#a)\"");
    if (*label == '\0')
        return;
    hk_buf_appendf(out, "<text x=\"%d\" y=\"%d\" fill=\"#555\" font-size=\"11\">",
        (x1 + x2) / 2 + 4, (y1 + y2) / 2 + 3);
    xml_text(out, label);
    hk_buf_append_text(out, "</text>\n");
}

static enum hk_status draw_function(const struct hk_json *function, int *top, int *width,
    struct hk_buf *out, struct hk_error *error)
{
    struct drawing drawing;

    if (hk_json_get(function, "nodes")->count > HK_GRAPH_NODES_MAX)
        return hk_fail(error, HK_LIMIT, "more than %d nodes in one function: use --format dot",
            HK_GRAPH_NODES_MAX);
    if (!lay_out(function, &drawing))
        return hk_fail(error, HK_NOMEM, "out of memory");
    for (const struct hk_json *edge = first_of(function, "edges"); edge != NULL; edge = edge->next)
        draw_edge(&drawing, edge, *top + MARGIN, out);
    for (size_t i = 0; i < drawing.count; i++)
        draw_box(&drawing.boxes[i], *top + MARGIN, out);
    *top += drawing.height;
    *width = drawing.width > *width ? drawing.width : *width;
    free(drawing.boxes);
    return HK_OK;
}

enum hk_status hk_graph_svg(const struct hk_json *graph, struct hk_buf *out, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    struct hk_buf body;
    int height = 0;
    int width = 0;

    hk_buf_init(&body, HK_GRAPH_SIZE_MAX);
    for (const struct hk_json *function = first_of(graph, "functions");
         function != NULL && status == HK_OK; function = function->next)
        status = draw_function(function, &height, &width, &body, error);
    if (status == HK_OK)
        status = hk_buf_check(&body, "the picture", error);
    if (status == HK_OK) {
        hk_buf_appendf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"13\">\n"
            "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
            "markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#555\"/></marker>"
            "</defs>\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<title>",
            width, height, width, height);
        xml_text(out, hk_json_string_at(graph, "playbook", ""));
        hk_buf_append_text(out, "</title>\n");
        hk_buf_append(out, body.data == NULL ? "" : body.data, body.size);
        hk_buf_append_text(out, "</svg>\n");
        status = hk_buf_check(out, "the picture", error);
    }
    hk_buf_done(&body);
    return status;
}
