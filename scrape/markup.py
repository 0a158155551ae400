"""THE grammar of bare markup: which tags exist, what may hold what, and whether a text is in the language.

    document = "<html>\n" head block* "</html>\n"
    head     = "<h1>" text "</h1>\n" [ "<h2>" text "</h2>\n" ] [ "<h3>" text "</h3>\n" ]
    block    = "<p>" inline "</p>\n" | "<h4>" inline "</h4>\n" | list
    list     = "<ul>\n" item+ "</ul>\n" | "<ol>\n" item+ "</ol>\n"
    item     = "<li>" inline [ "\n" list ] "</li>\n"            lists at most MAX_DEPTH deep
    inline   = ( text | "<b>" ( text | em )+ "</b>" | em | "<br/>" )+        br neither first nor last
    em       = "<em>" text "</em>"
    text     = one or more characters; < > & only as entities; single spaces, none at an edge of a block

Simplify writes this language, the sampler keeps to it, evaluation measures it and the pages trust it.
"""
